-- wrk's requests for the scenario "echo": BODY_BYTES comes from the harness.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/octet-stream"
wrk.body = string.rep("x", tonumber(os.getenv("BODY_BYTES")))
