"""The labels of OFAC's files."""

from __future__ import annotations

import re

REGISTER = "ofac-sdn"
DATES = frozenset({"Publish_Date", "DateOfIssue", "dataAsOf"})
LINK_SOURCE = "OFAC SDN"
ZONE = "America/New_York"
"""Where the publisher's days begin and end: Washington keeps New York's time."""
HEAD_BYTES = 64 * 1024
RAW_LENGTH = 200

# The list's own labels: the feature and document types of sdn_advanced.xml, the idType of sdn.xml,
# the items in the Remarks of sdn.csv. Other columns and tags are mapped to them below.
REGISTRATION = "vessel registration identification"
MMSI = "mmsi"
BUILT = "vessel year of build"
CALL_SIGN = "vessel call sign"
TYPE = "vessel type"
FLAG = "vessel flag"
DEADWEIGHT = "vessel tonnage"
GROSS = "vessel gross registered tonnage"
TAKEN = frozenset({REGISTRATION, MMSI, BUILT, CALL_SIGN, TYPE, FLAG, DEADWEIGHT, GROSS})

CSV_LABELS = {5: CALL_SIGN, 6: TYPE, 7: DEADWEIGHT, 8: GROSS, 9: FLAG}
XML_LABELS = {
    "callSign": CALL_SIGN,
    "vesselType": TYPE,
    "tonnage": DEADWEIGHT,
    "grossRegisteredTonnage": GROSS,
    "vesselFlag": FLAG,
}
JSON_LABELS = {
    "call_sign": CALL_SIGN,
    "vessel_type": TYPE,
    "dwt": DEADWEIGHT,
    "gross_tonnage": GROSS,
    "flag": FLAG,
}

# dat_spec.txt: the columns of sdn.csv and the size of the last. Longer remarks continue in
# sdn_comments.csv (OFAC's notice of 2013-08-08).
CSV_COLUMNS = 12
REMARKS_LENGTH = 1000

# Parties other than ships. The null of sdn.csv, and Unknown as a sub-type of sdn_advanced.xml,
# mean a company or a person.
OTHER_PARTIES = frozenset({"individual", "entity", "aircraft", "unknown", "-0-"})
# OFAC's words for an unknown flag.
NO_FLAG = frozenset({"none identified", "unknown"})

ADVANCED_TAGS = frozenset(
    {
        "ReferenceValueSets",
        "Location",  # only to free its memory: there are over 20,000
        "IDRegDocument",
        "DistinctParty",
        "ProfileRelationship",  # the same
        "SanctionsEntry",
    }
)
# No attribute of XML can have this name.
LINE = " line"

ITEM = re.compile(rf"(?:alt\. )?({REGISTRATION}|{MMSI}|{BUILT}) +(.*)", re.IGNORECASE)
ALIAS = re.compile(r"(?:alt\. )?[afn]\.k\.a\. ['\"](.*)['\"]")
VESSELS = re.compile(r'"vessels"\s*:\s*\[')
