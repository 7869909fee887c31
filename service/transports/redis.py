"""kombu's Redis, from which a worker hears again after it was away."""

from kombu.transport import redis, virtual


class RedisQoS(redis.QoS):
    """kombu's book of messages that are not acknowledged yet, without those whose acknowledgement failed.

    kombu logs such a failure and keeps the message in the book, which then is full for ever: with one message at a time the
    worker never asks for another, and so never notices either that its connection is gone.
    """

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge a message; it is done with in any case: one that Redis delivers again is one ring more."""
        try:
            super().ack(delivery_tag)
        except BaseException:
            virtual.QoS.ack(self, delivery_tag)
            raise


class RedisChannel(redis.Channel):
    """kombu's channel, with that book."""

    QoS = RedisQoS


class RedisTransport(redis.Transport):
    """kombu's Redis, from which a worker hears again after it was away."""

    Channel = RedisChannel
