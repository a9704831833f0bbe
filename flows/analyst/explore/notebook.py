# /// script
# [tool.marimo.display]
# theme = "system"
# ///
"""The analyst's page: series, a week's ports, a ship, reception, volume, restatements, SQL."""

import marimo

app = marimo.App(width="medium", app_title="Barometer")


@app.cell
def _():
    import os

    import marimo as mo

    from flows.analyst.explore import pages, shown
    from flows.analyst.explore.catalogue import Catalogue
    from flows.home.settings import BarometerError, load_settings

    return BarometerError, Catalogue, load_settings, mo, os, pages, shown


@app.cell
def _(load_settings, mo, os):
    settings = load_settings({}, os.environ)
    in_use, chosen = [], {}
    reload = mo.ui.run_button(label="Reload the catalogue")
    return chosen, in_use, reload, settings


@app.cell
def _(BarometerError, Catalogue, chosen, in_use, mo, pages, reload, settings, shown):
    # A click on the button opens the catalogue as it is now.
    _ = reload.value
    while in_use:
        in_use.pop().close()
    try:
        in_use.append(Catalogue(settings))
        # What was chosen stays through a reload.
        top = pages.head(in_use[0], **chosen)
    except BarometerError as fault:
        refusal = mo.Html(shown.style() + shown.message(str(fault), is_error=True))
        mo.stop(True, mo.vstack([refusal, reload]))
    catalogue = in_use[0]
    return catalogue, top


@app.cell
def _(mo, pages, reload, shown, top):
    series = mo.ui.dropdown(top.series, value=top.title, label="Series", full_width=True)
    week = mo.ui.dropdown(top.weeks, value=top.week, label="Week")
    tabs = mo.ui.tabs(dict.fromkeys(pages.TABS.values(), ""), value=pages.TABS[top.view])
    choices = mo.hstack([week, reload], justify="start", align="end", wrap=True)
    mo.vstack([mo.Html(shown.style() + top.html), series, choices, tabs])
    return series, tabs, week


@app.cell
def _(pages, tabs):
    view = next(view for view, label in pages.TABS.items() if label == tabs.value)
    return (view,)


@app.cell
def _(chosen, series, view, week):
    chosen.update(title=series.selected_key, week=week.value, view=view)
    return


@app.cell
def _(catalogue, mo, pages, series, view, week):
    mo.stop(view not in pages.OF_WEEK or week.value is None)
    mo.Html(pages.of_week(view, catalogue, series.value, week.value))
    return


@app.cell
def _(catalogue, mo, pages, series, view, week):
    mo.stop(view != pages.SHIP)
    _callers = pages.callers(catalogue, series.value, week.value)
    caller = mo.ui.dropdown(_callers, label="Caller of the week", full_width=True)
    sought = mo.ui.text(label="or IMO number, MMSI, part of a name", full_width=True)
    mo.vstack([caller, sought])
    return caller, sought


@app.cell
def _(caller, catalogue, mo, pages, sought):
    ship = pages.ship(catalogue, sought.value or caller.value)
    _files = [mo.download(of.content, of.name, label=of.label) for of in ship.files]
    mo.vstack([mo.hstack(_files, justify="start", wrap=True), mo.Html(ship.html)])
    return


@app.cell
def _(catalogue, mo, pages, view):
    mo.stop(view != pages.SQL)
    start = mo.ui.dropdown(pages.starts(catalogue), label="Start from", full_width=True)
    start
    return (start,)


@app.cell
def _(mo, start):
    query = mo.ui.text_area(
        value=start.value or "from barometer", label="Query", rows=12, full_width=True
    ).form(submit_button_label="Run", bordered=False)
    query
    return (query,)


@app.cell
def _(catalogue, mo, pages, query):
    mo.stop(not query.value)
    job = catalogue.start(query.value)
    job.wait(1)
    stop = mo.ui.run_button(label="Stop the query")
    tick = mo.ui.refresh(default_interval="1s")
    form = mo.ui.dropdown(list(pages.FORMATS), label="Save all rows as")
    return form, job, stop, tick


@app.cell
def _(form, job, mo, pages, stop, tick):
    _ = tick.value
    if stop.value:
        job.stop()
        job.wait(10)
    if not job.wait(0):
        mo.output.replace(mo.vstack([mo.Html(pages.running(job, tick)), stop]))
    elif job.error is None:
        mo.output.replace(mo.vstack([mo.Html(pages.result(job)), form]))
    else:
        mo.output.replace(mo.Html(pages.result(job)))
    return


@app.cell
def _(catalogue, form, mo, pages, query, shown):
    mo.stop(not form.value)
    saved = pages.saved(catalogue, query.value, form.value)
    if saved.job.error is None:
        mo.output.replace(mo.download(saved.job.result, saved.name, label=saved.label))
    else:
        mo.output.replace(mo.Html(shown.message(saved.job.error, is_error=True)))
    return


if __name__ == "__main__":
    app.run()
