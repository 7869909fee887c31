"""Layers that slide learned filters over a picture."""

from math import ceil, prod
from typing import Literal

from service.networks.arithmetic import DoesNotFit, LayerCost, Padding, Shape, as_picture, dilated, pair, window
from service.networks.layers.describing import ActivationName, Described, Filters, Initializer, Sides, Size


class Conv2D(Described):
    """A convolution over height and width."""

    layer: Literal["Conv2D"]
    filters: Filters
    kernel_size: Sides
    strides: Sides = 1
    padding: Padding = "valid"
    dilation_rate: Sides = 1
    activation: ActivationName = "linear"
    use_bias: bool = True
    kernel_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"

    def cost(self, shape: Shape) -> LayerCost:
        """Return it."""
        height, width, channels = as_picture(self.layer, shape)
        kernel, strides, dilation = pair(self.kernel_size), pair(self.strides), pair(self.dilation_rate)
        if strides != (1, 1) and dilation != (1, 1):
            raise DoesNotFit("strides and dilation_rate cannot both be more than 1", field="dilation_rate")
        out = window(self.layer, (height, width), dilated(kernel, dilation), strides, self.padding)
        weights = prod(kernel) * channels * self.filters
        copies = 0 if dilation == (1, 1) else channels * prod(self._regrouped(height, width)) + self.filters * prod(out)
        parameters = weights + self.filters * self.use_bias
        return LayerCost((*out, self.filters), parameters, 2 * weights * prod(out), inside=copies)

    def _regrouped(self, height: int, width: int) -> tuple[int, int]:
        """Return the picture's sides when TensorFlow has padded it and laid apart what a dilated kernel sees at a time."""
        kernel, dilation = pair(self.kernel_size), pair(self.dilation_rate)
        spans = dilated(kernel, dilation) if self.padding == "same" else (1, 1)
        tall, wide = (
            ceil((side + span - 1) / step) * step
            for side, span, step in zip((height, width), spans, dilation, strict=True)
        )
        return tall, wide


class DepthwiseConv2D(Described):
    """A convolution of each channel by itself."""

    layer: Literal["DepthwiseConv2D"]
    kernel_size: Sides
    strides: Size = 1
    padding: Padding = "valid"
    depth_multiplier: Size = 1
    activation: ActivationName = "linear"
    use_bias: bool = True
    depthwise_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"

    def cost(self, shape: Shape) -> LayerCost:
        """Return it."""
        height, width, channels = as_picture(self.layer, shape)
        kernel = pair(self.kernel_size)
        out = window(self.layer, (height, width), kernel, pair(self.strides), self.padding)
        filters = channels * self.depth_multiplier
        weights = prod(kernel) * filters
        return LayerCost((*out, filters), weights + filters * self.use_bias, 2 * weights * prod(out))


class SeparableConv2D(Described):
    """A depthwise convolution followed by a 1x1 convolution."""

    layer: Literal["SeparableConv2D"]
    filters: Filters
    kernel_size: Sides
    strides: Size = 1
    padding: Padding = "valid"
    depth_multiplier: Size = 1
    activation: ActivationName = "linear"
    use_bias: bool = True
    depthwise_initializer: Initializer = "glorot_uniform"
    pointwise_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"

    def cost(self, shape: Shape) -> LayerCost:
        """Return it."""
        height, width, channels = as_picture(self.layer, shape)
        kernel = pair(self.kernel_size)
        out = window(self.layer, (height, width), kernel, pair(self.strides), self.padding)
        between = channels * self.depth_multiplier
        weights = prod(kernel) * between + between * self.filters
        parameters = weights + self.filters * self.use_bias
        return LayerCost((*out, self.filters), parameters, 2 * weights * prod(out), inside=between * prod(out))


class Conv2DTranspose(Described):
    """A convolution backwards: with strides it makes a picture larger."""

    layer: Literal["Conv2DTranspose"]
    filters: Filters
    kernel_size: Sides
    strides: Sides = 1
    padding: Padding = "valid"
    activation: ActivationName = "linear"
    use_bias: bool = True
    kernel_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"

    def cost(self, shape: Shape) -> LayerCost:
        """Return it: every number that comes in is spread over a window."""
        height, width, channels = as_picture(self.layer, shape)
        kernel, strides = pair(self.kernel_size), pair(self.strides)
        if kernel[0] < strides[0] or kernel[1] < strides[1]:
            raise DoesNotFit("strides larger than kernel_size leave holes in the picture", field="strides")
        over = (0, 0) if self.padding == "same" else (kernel[0] - strides[0], kernel[1] - strides[1])
        out = (height * strides[0] + over[0], width * strides[1] + over[1])
        weights = prod(kernel) * channels * self.filters
        flops = 2 * weights * height * width
        return LayerCost((*out, self.filters), weights + self.filters * self.use_bias, flops)
