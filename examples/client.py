"""Train a network, say how good it is and what it mixes up, and keep its report: what a course's script may look like.

CYFRA_URL=http://127.0.0.1:8000 python examples/client.py
"""

from cyfra import Client

with Client() as client:
    training = client.train(preset="quickstart", epochs=3, labels={"course": "example"})
    training.wait()
    print(training.report)
    for pair in training.confusion_matrix.most_confused(3):
        print(f"{pair.true} was taken for {pair.predicted} {pair.count} times")
    sample = client.datasets["mnist-5k"].samples("test")[0]
    print(f"This is a {sample.label}; the network says {client.predict(sample.png)}")
    training.report.save("report.html")
