"""What team payments wrote down."""

from __future__ import annotations

from recipe.model import text

ADR_QUEUE = text(
    """
    # 1. Use a message queue

    Date: 2025-09-08

    ## Status

    Accepted

    ## Decision

    Payments are handed to the ledger over a message queue, so that neither has to wait.
    """
)

ADR_QUEUE_SUPERSEDED = ADR_QUEUE.replace("Accepted", "Superseded on 2026-03-10 by [3](0003-event-broker.md)")

ADR_STORE = text(
    """
    # 2. Keep payments in PostgreSQL

    Date: 2026-01-15

    ## Status

    Accepted

    ## Considered options

    - [PostgreSQL](https://www.postgresql.org/docs/), which two teams run already
    - [CockroachDB](https://www.cockroachlabs.com/docs/), which survives the loss of a zone
    - [Vitess](https://vitess.io/docs/), which splits tables over machines

    ## Decision

    PostgreSQL, because the volume fits one machine for years and the team can run it alone.
    """
)

ADR_BROKER = text(
    """
    # 3. Publish payments as events

    Date: 2026-03-10

    ## Status

    Accepted

    ## Decision

    Payments are published as events, and whoever needs them subscribes without asking us.
    """
)

TEAM_API = text(
    """
    # Team API: payments

    We own everything between the checkout and the bank, day and night.
    Ask us in the channel of the team; we answer within four working hours.
    Changes to our interfaces are announced two weeks before they are made.
    """
)

CONTRIBUTING = text(
    """
    # Contributing

    Open a pull request; somebody of the team answers within a day.
    Read first: [security guideline](https://git.acme.example/acme/guardrails/blob/main/docs/security-guideline.md).
    """
)

RUNBOOK = text(
    """
    # Runbook

    1. Look at the error rate on the payments dashboard and note when it rose.
    2. Restart the service with a rollout when the store answers and the service does not.
    3. Call the bank when the gateway refuses more than one payment in twenty.
    """
)

LEDGER_DESIGN = text(
    """
    # Design of the ledger

    Every payment is booked on two accounts, and both entries are written at once.
    Nothing is ever changed; a wrong entry is taken back by a second one.
    The day is closed at midnight, and a closed day is never opened again.
    """
)

LEDGER_RUNBOOK = text(
    """
    # Runbook

    1. Stop the posting job before the store is restarted, never after.
    2. Compare both sums of the last open day, and write down the difference.
    3. Close the day by hand with the close command when the job did not run.
    """
)
