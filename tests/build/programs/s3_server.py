"""A local S3 server for tests, a process of its own, that checks keys and has a bucket `lake`.

Prints the variables AWS_* for a client, as JSON, and ends with its standard input.
"""

from __future__ import annotations

import json
import logging
import sys

import boto3
from moto import settings
from moto.server import ThreadedMotoServer

ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def main() -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    first = boto3.Session("first", "first", region_name="us-east-1")
    first.client("s3", endpoint_url=address).create_bucket(Bucket="lake")
    iam = first.client("iam", endpoint_url=address)
    iam.create_user(UserName="barometer")
    key = iam.create_access_key(UserName="barometer")["AccessKey"]
    iam.put_user_policy(UserName="barometer", PolicyName="all", PolicyDocument=json.dumps(ALL))
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0  # from here on it is checked who asks
    found = {"AWS_ENDPOINT_URL": address, "AWS_REGION": "us-east-1"}
    found |= {"AWS_ACCESS_KEY_ID": key["AccessKeyId"]}
    found |= {"AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    print(json.dumps(found), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
