"""Role titles: families with their traps, and standing."""

from __future__ import annotations

import pytest

from cnmm_collectors.people.courses import Topic, topics
from cnmm_collectors.people.titles import families, is_elsewhere, standing


@pytest.mark.parametrize(
    ("title", "family"),
    [
        ("Senior Platform Engineer", "platform_engineer"),
        ("Site Reliability Engineer", "sre"),
        ("DevOps/SRE Lead", "sre"),
        ("DevSecOps Engineer", "devsecops"),
        ("Application Security Engineer", "devsecops"),
        ("Softwareentwicklerin (m/w/d)", "developer"),
        ("Développeur backend", "developer"),
        ("Systemadministrator", "sysadmin"),
        ("ML Engineer", "ai_ml_engineer"),
        ("MLOps Engineer", "mlops"),
        ("Product Owner Platform", "platform_product_owner"),
        ("Head of Engineering", "engineering_manager"),
        ("Trust & Safety Lead", "trust_safety"),
        ("Solution Architect", "architect"),
        ("Informationssicherheitsbeauftragter", "security_policy"),
        ("Salesforce Platform Engineer", ""),
        ("Sr. Executive Assistant", ""),
        ("Landscape Architect", ""),
        ("RPA Center of Excellence", ""),
        ("Social Security Clerk", ""),
        ("Health and Safety Officer", ""),
        ("Maintenance Trainer", ""),
        ("Account Manager", ""),
    ],
)
def test_the_primary_family(title: str, family: str) -> None:
    assert next(iter(families(title)), "") == family


def test_plain_other_work_is_no_unknown_title() -> None:
    assert is_elsewhere("Account Manager")
    assert not is_elsewhere("Wizard of Light Bulb Moments")


@pytest.mark.parametrize(
    ("title", "level", "want"),
    [
        ("Senior Developer", "", "senior"),
        ("Sr. Developer", "", "senior"),
        ("Developer", "", "mid"),
        ("Software Engineer III", "", "senior"),
        ("Junior Developer", "", "junior"),
        ("Developer", "Senior", "senior"),
        ("Developer", "L6", "staff"),
        ("Senior Developer", "L3", "mid"),
        ("Werkstudent Entwicklung", "", "intern"),
        ("Associate Director", "", "mid"),
        ("Principal Engineer", "", "principal"),
        ("Leadership Trainer", "", "mid"),
    ],
)
def test_standing(title: str, level: str, want: str) -> None:
    assert standing(title, level) == want


@pytest.mark.parametrize(
    ("title", "has", "lacks"),
    [
        ("Introduction to Kubernetes (LFS158)", Topic.FUNDAMENTALS | Topic.CORE, Topic.LAB),
        ("Certified Kubernetes Administrator (CKA) with Practice Tests", Topic.CORE, Topic.FUNDAMENTALS),
        ("Kubernetes security hands-on lab", Topic.CN_SECURITY | Topic.LAB, Topic.ML),
        ("Phishing security basics", Topic.SECURITY, Topic.CN_SECURITY),
        ("Einführung in Docker", Topic.FUNDAMENTALS | Topic.CONTAINER, Topic.CORE),
        ("Kubeflow for teams", Topic.ML, Topic.SECURITY),
        ("Cooking for two", Topic.LEARNED, Topic.CLOUD_NATIVE),
        ("The EU AI Act for everyone", Topic.AI_LITERACY, Topic.CLOUD_NATIVE),
    ],
)
def test_what_a_course_is_about(title: str, has: Topic, lacks: Topic) -> None:
    found = topics(title, "", "", "", "")
    assert has in found
    assert lacks not in found
