"""What runs inside the gateways, copied into their image: standard library only, Python 3.9 or newer.

It imports nothing of the product, since the image holds nothing else of it. Started as
`python3 -I /opt/toolkit/gateways ROLE`.
"""
