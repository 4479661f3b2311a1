"""What platformctl asks AWS itself, through boto3: on a real account or on the local cloud."""
