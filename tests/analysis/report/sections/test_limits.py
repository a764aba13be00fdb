"""The limits of the claims: what always holds, and what depends on the study."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from analysis.records.study_state import LoadedStudy
from analysis.report.sections.limits import limits
from tests.analysis.conftest import StudyOf
from tests.analysis.report.conftest import ODD
from tests.analysis.report.sections.transfer_table import judged_tasks


def test_the_number_of_tried_arms_is_a_limit_where_it_is_known(records_of: StudyOf) -> None:
    records = records_of(ODD)
    planned = len(records.events("planned")[-1]["arms"])
    assert any(
        f"tried {planned} arms with 1 draw each" in text for text in limits(LoadedStudy(records), pd.DataFrame())
    )
    unplanned = limits(LoadedStudy(replace(records, ledger=[])), pd.DataFrame())
    assert len(unplanned) == 3
    assert not any("The search tried" in text for text in unplanned)


def test_a_verdict_without_size_matched_networks_says_so(records_of: StudyOf) -> None:
    study = LoadedStudy(records_of(ODD))
    each = judged_tasks({"left": 2.0})
    assert "a gain may come from size alone" in limits(study, each)[-1]
    matched = limits(study, pd.concat([each, each.assign(baseline="total")]))
    assert not any("size alone" in text for text in matched)


def test_before_the_verdict_nothing_is_said_about_its_baselines(records_of: StudyOf) -> None:
    study = LoadedStudy(records_of(replace(ODD, phases=("search", "confirm"))))
    assert not any("size alone" in text for text in limits(study, pd.DataFrame()))
