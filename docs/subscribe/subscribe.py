# pip install confluent-kafka
import json
import sys

from confluent_kafka import Consumer

consumer = Consumer({
    "bootstrap.servers": sys.argv[1],
    "group.id": "my-team",
    "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
})
consumer.subscribe(["streamwarden.recommendations"])
while True:
    record = consumer.poll(1.0)
    if record is not None and not record.error():
        event = json.loads(record.value())
        print(event["type"], event["data"]["job_name"], event["data"]["title"], flush=True)
