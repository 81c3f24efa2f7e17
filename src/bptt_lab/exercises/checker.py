"""An exercise: a reference, problems to try a function on, and the mistakes that are known.

A mistake is an option of the reference. So everything that a learner may have got wrong, alone or
together, can be computed and compared with what the learner's function returns.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bptt_lab.exercises.answers import Answer
from bptt_lab.exercises.comparing import (
    Parts,
    Unusable,
    agree,
    all_agree,
    relative_error,
    shape_in_symbols,
)
from bptt_lab.exercises.diagnosing import (
    CLIPPED_INSIDE,
    ENTRIES_CLIPPED_INSIDE,
    Case,
    Effects,
    entries_clipped,
    unclipped,
)
from bptt_lab.exercises.locating import Part
from bptt_lab.exercises.mistakes import Mistake, Mistakes, options, shares
from bptt_lab.exercises.reading import Reading, read, reshaped, unwrapped
from bptt_lab.exercises.reports import Journal
from bptt_lab.exercises.trials import (
    Problem,
    Trial,
    check_callable,
    notes,
    raise_if_failed,
    run_trials,
)

DOUBLE = 1e-11
"""Relative error above which a right result was hardly computed in double precision."""

MOST_SHOWN = 3
"""How many mistakes are told that special problems show; with more, most follow from others."""

MOST_LISTED = 12
"""How many calls that go wrong are listed; with more, those that do not."""

LEVELS = ("easy", "medium", "hard")


@dataclass(frozen=True, eq=False)
class Exercise:
    """A function to be written, and a checker that says what is wrong with it.

    Call it with the learner's function; it returns an `Answer`, which is true if the function is
    right.

    Attributes
    ----------
    name : str
    task : str
        One sentence that says what is to be computed.
    reference : callable
        ``reference(*arguments, **options)``. Without options it is right; each known mistake
        sets one or more of them to something wrong.
    problems : sequence of Problem
        On all of them the function is tried.
    mistakes : sequence of Mistake
    returns : tuple of str
        Names of what is returned: one for an array or number, several for a tuple. A dict has
        names of its own.
    at_once : int
        Up to how many mistakes are looked for together, at most 2.
    seconds : float
        Time that all calls together may take.
    simpler : sequence of Problem
        Special cases, each with its ``about``. A right function is right for them too. If nothing
        explains the numbers, the answer says for which of them the function is right.
    minutes : int
        How long it takes, by guess.
    level : {"easy", "medium", "hard"}
    outcome : str
        What can be done afterwards, in the words of the chapter's box.
    address : str
        How a reader calls it, such as ``check.bptt``.
    journal : Journal, optional
        Where each answer is kept.

    Examples
    --------
    A teacher's own exercise, the step of a leaky neuron, with one mistake:

    >>> def leaky(alpha, h, new, *, kept=lambda alpha: 1 - alpha):
    ...     return kept(alpha) * h + alpha * new
    >>> whole = Mistake(
    ...     "keeps everything", "The old state is kept whole.", "What do the two factors sum to?",
    ...     commits={"kept": lambda alpha: 1},
    ... )
    >>> problem = Problem({"alpha": 0.3, "h": np.array([1.0, 2.0]), "new": np.array([0.5, 0.1])})
    >>> check_leaky = Exercise("leaky", "One step of a leaky neuron.", leaky, [problem], [whole])
    >>> check_leaky(lambda alpha, h, new: alpha * new + (1 - alpha) * h)
    Right. It agrees with the reference to the last bit.
    >>> check_leaky(lambda alpha, h, new: h + alpha * new)
    Not yet. This is a known mistake.
    * The old state is kept whole.
      Hint: What do the two factors sum to?
    >>> check_leaky.audit()
    {}
    """

    name: str
    task: str
    reference: Callable[..., Any]
    problems: Sequence[Problem]
    mistakes: Sequence[Mistake]
    returns: tuple[str, ...] = ("result",)
    at_once: int = 2
    seconds: float = 5.0
    simpler: Sequence[Problem] = ()
    minutes: int = 10
    level: str = "medium"
    outcome: str = ""
    address: str = ""
    journal: Journal | None = field(default=None, repr=False)

    def __call__(self, function: Callable[..., Any]) -> Answer:
        """Answer whether a function is right, and keep the answer if there is a journal."""
        answer = self.answer(function)
        if self.journal is not None:
            self.journal.enter(self.name, function, answer)
        return answer

    def answer(self, function: Callable[..., Any]) -> Answer:
        """Try a function on all problems, and on the first one twice."""
        trials: list[Trial] = []
        try:
            check_callable(function, [*self.problems[0].arguments])
            for trial in run_trials(function, [*self.problems, self.problems[0]], self.seconds):
                trials.append(trial)
                raise_if_failed(function, trial, self.seconds, trials)
            reading = self.read([trial.outcome.value for trial in trials])
        except Unusable as why:
            return Answer(False, str(why), notes=notes(trials))
        answer = self.judge(reading, trials)
        if answer:
            answer = self.judge_special(function, answer)
        if answer.table and not answer.mistakes:
            first_is_right = all_agree(reading.parts[:1], [self.result(0)])
            more = [] if first_is_right else self.simplified(function, answer)
            answer = replace(answer, notes=(*answer.notes, *more, self.to_look_at_it))
        return answer.with_notes(*notes(trials))

    def example(self) -> list[Any]:
        """Arguments of a call, to try a function on: ``f(*check.bptt.example())``."""
        return self.problems[0].fresh()

    @property
    def to_look_at_it(self) -> str:
        """How to get at the arguments of a call."""
        name = f"`{self.address}.example()`" if self.address else "`example()` of this checker"
        return f"To look at it step by step: {name} returns such arguments."

    def audit(self) -> dict[str, str]:
        """Return what is wrong with the known mistakes, by name; nothing if they can all be told.

        A mistake that no problem shows is called right, and two that give the same numbers are
        taken for each other. Choose problems in which all sizes differ and no number is zero.
        """
        found: dict[str, str] = {}
        seen: dict[str, list[Parts]] = {}
        for mistake in (m for m in self.mistakes if m.commits):
            parts = self.variant((mistake,))
            alike = [name for name, other in seen.items() if all_agree(parts, other)]
            if all_agree(parts, self.variant()):
                found[mistake.name] = "No problem shows it: the numbers are right with it."
            elif alike:
                found[mistake.name] = f"It gives the same numbers as {alike[0]!r}."
            seen[mistake.name] = parts
        return found

    # ------------------------------------------------------------------------- what is computed

    @cached_property
    def like(self) -> Any:
        """A right result: what others are to be like."""
        return self.reference(*self.problems[0].fresh())

    @cached_property
    def computed(self) -> dict[tuple[int, Mistakes], Parts]:
        """Results with some mistakes, as far as they were needed."""
        return {}

    def result(self, k: int, mistakes: Mistakes = ()) -> Parts:
        """Return what the reference makes of problem k if it commits these mistakes."""
        if (k, mistakes) not in self.computed:
            self.computed[k, mistakes] = self.compute(self.problems[k], mistakes)
        return self.computed[k, mistakes]

    def variant(self, mistakes: Mistakes = ()) -> list[Parts]:
        """Return what the reference makes of each problem if it commits these mistakes."""
        return [self.result(k, mistakes) for k in range(len(self.problems))]

    def compute(self, problem: Problem, mistakes: Mistakes = ()) -> Parts:
        """Return what the reference makes of a problem; NaN if two mistakes exclude each other."""
        try:
            with np.errstate(all="ignore"):
                value = self.reference(*problem.fresh(), **options(mistakes))
        except (ValueError, IndexError):
            if len(mistakes) < 2:
                raise
            return dict.fromkeys(self.result(0), np.array(np.nan))
        return read(value, value, self.returns)

    @cached_property
    def ordinary(self) -> tuple[int, ...]:
        """Numbers of the problems that are not there to show one thing alone."""
        return tuple(k for k, problem in enumerate(self.problems) if problem.shows is None)

    @property
    def effects(self) -> Effects:
        """What each mistake does to the ordinary problems."""
        return self.effects_on(self.ordinary)

    @cached_property
    def known_effects(self) -> dict[tuple[int, ...], Effects]:
        """Effects on some problems, as far as they were needed."""
        return {}

    def effects_on(self, numbers: tuple[int, ...]) -> Effects:
        """Return what each mistake does to some of the problems."""
        if numbers not in self.known_effects:
            searched = [mistake for mistake in self.mistakes if mistake.commits]
            self.known_effects[numbers] = Effects(
                searched,
                lambda k, mistakes: self.result(numbers[k], mistakes),
                [self.problems[k] for k in numbers],
            )
        return self.known_effects[numbers]

    @property
    def step_counts(self) -> dict[str, list[int] | None]:
        """Number of steps of each part, None if it has none; nothing if no problem is ordinary."""
        return self.effects.step_counts if self.ordinary else {}

    # --------------------------------------------------------------------------------- judging

    def read(self, values: Sequence[Any]) -> Reading:
        """Read the results of all problems, and of the first one once more."""
        try:
            return Reading([read(value, self.like, self.returns) for value in values])
        except Unusable:
            right = [*self.variant(), self.variant()[0]]
            found = unwrapped(values, right, self.like, self.returns)
            if found is None:
                raise
            return found

    def judge(self, reading: Reading, trials: Sequence[Trial]) -> Answer:
        """Answer what there is to say of the numbers, the simplest that fits."""
        for form in (reading, self.moved(reading, sums=True)):
            answer = self.recognise(form, trials) if form else None
            if form and answer is not None:
                return answer.with_notes(*form.form)
        form = self.moved(reading, sums=False) or reading
        return self.unknown(form).with_notes(*form.form)

    def moved(self, reading: Reading, *, sums: bool) -> Reading | None:
        """Read the parts in the shapes that they should have; None if they cannot be, or are."""
        sizes = [problem.sizes for problem in self.problems]
        right = [*self.variant(), self.result(0)]
        other = reshaped(reading.parts, right, [*sizes, sizes[0]], sums=sums)
        return Reading(other.parts, (*reading.form, *other.form)) if other else None

    def recognise(self, reading: Reading, trials: Sequence[Trial]) -> Answer | None:
        """Answer if the numbers are right, or what is wrong has a name."""
        right = self.judge_right(reading, trials)
        return self.explain(reading.parts[:-1]) if right is None else right

    def judge_right(self, reading: Reading, trials: Sequence[Trial]) -> Answer | None:
        """Answer if the numbers are right; None if they are not."""
        *got, again = reading.parts
        if not all_agree(got, self.variant()):
            return None
        if reading.form:
            return Answer(False, "The numbers are right, but the form is not the one asked for.")
        if any(trial.changed for trial in trials):
            said = "The numbers are right, but the function changes its arguments."
            return Answer(False, f"{said} {self.imprecision(got)}".strip())
        if not all_agree([again], got[:1]):
            return Answer(
                False,
                "The numbers are right at the first call and others at the second, with the same "
                "arguments. Something outlives the call: an array made outside of the function?",
            )
        largest = self.largest_error(got)
        agrees = (
            f"; the largest relative error is {largest:.1e}." if largest else " to the last bit."
        )
        return Answer(True, f"It agrees with the reference{agrees} {self.imprecision(got)}".strip())

    def special_cases(
        self, function: Callable[..., Any]
    ) -> Iterator[tuple[str, Parts | Unusable, Parts]]:
        """Yield what a function makes of the special cases: of which, what or why not, and right.

        Their parts need not be those of the problems.
        """
        for trial in run_trials(function, self.simpler, self.seconds):
            like = self.reference(*trial.problem.fresh())
            got: Parts | Unusable
            try:
                raise_if_failed(function, trial, self.seconds)
                got = read(trial.outcome.value, like, self.returns)
            except Unusable as why:
                got = why
            yield trial.problem.about, got, read(like, like, self.returns)

    def judge_special(self, function: Callable[..., Any], answer: Answer) -> Answer:
        """Return the answer; or another one if a function goes wrong in a special case alone."""
        wrong: list[str] = []
        for about, got, right in self.special_cases(function):
            if isinstance(got, Unusable):
                return Answer(False, f"It is right otherwise, but not for {about}. {got}")
            if not all_agree([got], [right]):
                wrong.append(about)
        if not wrong:
            return answer
        return Answer(False, f"It is right otherwise, and wrong for {' and for '.join(wrong)}.")

    def largest_error(self, got: Sequence[Parts]) -> float:
        """Return the largest relative error of all parts of all problems."""
        pairs = zip(got, self.variant(), strict=True)
        return max(relative_error(a[k], b[k]) for a, b in pairs for k in b)

    def imprecision(self, got: Sequence[Parts]) -> str:
        """Say what it comes from if right numbers differ by more than rounding."""
        largest = self.largest_error(got)
        if largest <= DOUBLE:
            return ""
        pairs = [(a, b[k]) for p, b in zip(got, self.variant(), strict=True) for k, a in p.items()]
        worse = [a for a, b in pairs if a.ndim and relative_error(a, b) > DOUBLE]
        return f"A relative error of {largest:.0e} is more than double precision leaves: " + (
            "somewhere it works in single precision (`float32`)."
            if any((a == a.astype(np.float32)).all() for a in worse)
            else "single precision, finite differences, rounding, or a small number that was "
            "added, as in `log(p + 1e-9)` or `norm + 1e-6`."
        )

    def explain(self, got: Sequence[Parts]) -> Answer | None:
        """Answer if known mistakes explain the numbers; None if they do not."""
        ordinary = [got[k] for k in self.ordinary]
        found: Mistakes | None = ()
        if ordinary and not all_agree(ordinary, self.effects.right):
            found = self.explanation(ordinary, self.effects)
        if found is None:
            answer = self.explain_apart(got)
            return self.explain_clipped(ordinary) if answer is None else answer
        expected = self.variant(found)
        special = [
            problem.shows
            for k, problem in enumerate(self.problems)
            if problem.shows and not all_agree([got[k]], [expected[k]])
        ]
        shown = [*dict.fromkeys(special)][:MOST_SHOWN]
        answer = self.diagnosis((*found, *shown), ordinary, self.effects)
        if len(special) <= MOST_SHOWN:
            return answer
        return answer.with_notes(f"{len(special)} of {len(self.problems)} tests go wrong.")

    def explanation(self, got: Sequence[Parts], effects: Effects) -> Mistakes | None:
        """Return the fewest known mistakes that explain what came of some problems, if any do."""
        return next(Case(got, effects).explanations(self.at_once), None)

    def explain_apart(self, got: Sequence[Parts]) -> Answer | None:
        """Answer if one mistake explains all but what a line of its own may have answered."""
        right = [
            k for k in self.ordinary
            if self.problems[k].apart and all_agree([got[k]], [self.result(k)])
        ]  # fmt: skip
        numbers = tuple(k for k in self.ordinary if k not in right)
        if not right or not numbers:
            return None
        rest, effects = [got[k] for k in numbers], self.effects_on(numbers)
        found = next(Case(rest, effects).explanations(1), None)
        if found is None:
            return None
        abouts = dict.fromkeys(described(self.problems[k]) for k in right)
        note = f"It is right for {' and for '.join(abouts)}."
        return self.diagnosis(found, rest, effects).with_notes(note)

    def explain_clipped(self, got: Sequence[Parts]) -> Answer | None:
        """Answer if the numbers were clipped, and are right or explained without that."""
        if CLIPPED_INSIDE not in self.mistakes:
            return None
        right = self.effects.right
        if any(a.shape != right[0][k].shape for k, a in got[0].items()):
            return None
        if entries_clipped(got, right):
            return self.diagnosis((ENTRIES_CLIPPED_INSIDE,), got, self.effects)
        whole = unclipped(got, right)
        if whole is None:
            return None
        if all_agree(whole, right):
            return self.diagnosis((CLIPPED_INSIDE,), got, self.effects)
        more = self.explanation(whole, self.effects)
        if more is None:
            return None
        answer = self.diagnosis((*more, CLIPPED_INSIDE), whole, self.effects)
        table = ((name, f"{said}, but for the factor") for name, said in answer.table)
        return replace(answer, table=tuple(table))

    def diagnosis(self, mistakes: Mistakes, got: Sequence[Parts], effects: Effects) -> Answer:
        """Name the mistakes, and which parts show which if that differs."""
        one = len(mistakes) == 1
        said = "This is a known mistake." if one else f"{len(mistakes)} known mistakes at once."
        searched = tuple(mistake for mistake in mistakes if mistake.commits)
        if searched:
            shown = {name: shown_by(name, searched, got, effects) for name in got[0]}
            if len({*shown.values()}) > 1:
                return Answer(False, said, mistakes, tuple(shown.items()))
        return Answer(False, said, mistakes)

    # ------------------------------------------------------------------------------- locating

    def unknown(self, reading: Reading) -> Answer:
        """Say of a result that nothing explains where it is wrong, and how."""
        *got, again = reading.parts
        parts = [self.part(name, got) for name in got[0]]
        table = tuple((part.name, part.said()) for part in parts)
        return Answer(False, self.verdict(parts, got, again), (), table, (*self.where(got, parts),))

    def part(self, name: str, got: Sequence[Parts]) -> Part:
        """One part of the result, beside what it should be."""
        arguments = [problem.arguments for problem in self.problems]
        sizes = [problem.sizes for problem in self.problems]
        return Part(name, got, self.variant(), arguments, sizes)

    def verdict(self, parts: Sequence[Part], got: Sequence[Parts], again: Parts) -> str:
        """Say in one sentence what kind of wrong it is."""
        if any(part.misshapen for part in parts):
            return "The shapes are not those of the result."
        if not all(np.isfinite(a).all() for some in got for a in some.values()):
            return (
                "There are infinite numbers or NaN in the result. Look for an `exp` of something "
                "large, a division by 0, and a `log` or root of something that is not positive."
            )
        if not all(np.array_equal(again[k], a) for k, a in got[0].items()):
            return (
                "The numbers differ, and a second call with the same arguments gives others again. "
                "Look for `np.empty`, for random numbers, and for an array made outside."
            )
        verdicts = all(a.dtype.kind == "b" for a in self.result(0).values())
        what = "answers differ" if verdicts else "numbers differ"
        return f"The {what}, and by no mistake that this checker knows. Here is where:"

    def where(self, got: Sequence[Parts], parts: Sequence[Part]) -> Iterator[str]:
        """Yield where to begin to look."""
        yield from self.begin_at(parts)
        integers = [part.name for part in parts if all(a.dtype.kind in "iu" for a in part.got)]
        if all(a.size and not a.any() for some in got for a in some.values()):
            product = "" if integers else ", or does a product begin with zeros"
            yield (
                "Everything is zero. Is something put into an array of integers, which cuts every "
                f"fraction to 0{product}?"
            )
        for name in (n for n in integers if any(p[n].dtype.kind == "f" for p in self.variant())):
            yield (
                f"`{name}` comes back as integers. What is put into an array of integers loses its "
                "fraction; `zeros_like` of integers makes such an array."
            )
        yield from self.told_apart(got)

    def told_apart(self, got: Sequence[Parts]) -> Iterator[str]:
        """Yield for which problems it is right and for which wrong, if their numbers tell."""
        simpler = {problem.about for problem in self.simpler}
        right: list[Problem] = []
        wrong: list[Problem] = []
        for problem, a, b in zip(self.problems, got, self.variant(), strict=True):
            if problem.about not in simpler or not problem.about:
                (right if all_agree([a], [b]) else wrong).append(problem)
        told = apart(right, wrong, described)
        if told:
            yield f"{told}."
            return
        good, bad = ([problem for problem in some if not problem.about] for some in (right, wrong))
        told = apart(good, bad, lengths)
        if told:
            yield f"{told}. Is a size written as a number?"

    def begin_at(self, parts: Sequence[Part]) -> Iterator[str]:
        """Yield which parts are right at the last step, if others are not, and the other way."""
        stepped = [part for part in parts if part.first is not None and not part.misshapen]
        if len(stepped) < 2:
            return
        at_end = [all(bool(mask[-1]) for mask in part.masks) for part in stepped]
        wrong = [f"`{p.name}`" for p, good in zip(stepped, at_end, strict=True) if not good]
        right = [f"`{p.name}`" for p, good in zip(stepped, at_end, strict=True) if good]
        if wrong and right:
            yield (
                f"At the last step {listed(wrong)} {'are' if wrong[1:] else 'is'} wrong, and "
                f"{listed(right)} right: begin there."
            )

    def simplified(self, function: Callable[..., Any], answer: Answer) -> Iterator[str]:
        """Yield for which special cases a wrong function is right, wholly or in more parts.

        Nothing is said of a case in which it stops, or returns what cannot be compared.
        """
        wrong = {name for name, said in answer.table if said != "right"}
        whole = {name for name in wrong if self.step_counts.get(name) is None}
        missed: dict[str, list[str]] = {}
        partly = False
        for about, got, expected in self.special_cases(function):
            if isinstance(got, Unusable):
                continue
            missed[about] = [name for name in expected if not agree(got[name], expected[name])]
            more = [name for name in expected if name in whole and name not in missed[about]]
            if more and missed[about]:
                partly = True
                yield partly_right(about, more, missed[about])
        right = [about for about, names in missed.items() if not names]
        if right:
            yield f"It is right for {' and for '.join(right)}."
        elif not partly and self.simpler and self.simpler[0].about in missed:
            yield f"It is wrong even for {self.simpler[0].about}: begin with that."

    # ------------------------------------------------------------------------------ describing

    def __str__(self) -> str:
        arguments = self.problems[0].arguments
        alike = [p for p in self.problems if p.sizes.keys() == self.problems[0].sizes.keys()]
        sizes = [problem.sizes for problem in alike]
        lines = [f"{self.name}({', '.join(arguments)}): {self.task}"]
        for name in arguments:
            values = [problem.arguments[name] for problem in alike]
            lines.append(f"  {name}: {form_of(values, sizes)}")
        form = "a dict of " if isinstance(self.like, dict) else ""
        results = [self.result(k) for k, p in enumerate(self.problems) if p in alike]
        return "\n".join([*lines, f"  returns {form}{form_of(results, sizes)}"])

    __repr__ = __str__


class Check(Mapping[str, Exercise]):
    """All exercises: ``check.bptt`` or ``check["bptt"]``."""

    def __init__(self, exercises: Iterable[Exercise]) -> None:
        self.journal = Journal()
        self.exercises = {
            e.name: replace(e, address=f"check.{e.name}", journal=self.journal) for e in exercises
        }

    def report(self, name: str, folder: str | Path = ".") -> Path:
        """Write what was checked in this session to a file for a teacher, and return its path.

        It has the verdict of each exercise that was tried, the mistakes that were named, the
        versions, and a hash of the code, but no code. What an earlier session of the same name
        wrote about other exercises stays in it.
        """
        return self.journal.write(name, folder)

    def __getitem__(self, name: str) -> Exercise:
        return self.exercises[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.exercises)

    def __len__(self) -> int:
        return len(self.exercises)

    def __getattr__(self, name: str) -> Exercise:
        exercises: dict[str, Exercise] = self.__dict__.get("exercises", {})
        if name in exercises:
            return exercises[name]
        near = get_close_matches(name, exercises, 1)
        more = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(exercises)}"
        raise AttributeError(f"no exercise {name!r}; {more}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.exercises]

    def __repr__(self) -> str:
        return "\n".join(
            f"check.{name}({', '.join(e.problems[0].arguments)}): {e.task}"
            for name, e in self.items()
        )


def shown_by(name: str, mistakes: Mistakes, got: Sequence[Parts], effects: Effects) -> str:
    """Say which of the mistakes one part shows."""
    if all(agree(a[name], b[name]) for a, b in zip(got, effects.right, strict=True)):
        return "right"
    for some in shares(mistakes):
        expected = effects.results(some)
        if all(agree(a[name], b[name]) for a, b in zip(got, expected, strict=True)):
            acting = [m for m in some if acts(m, some, name, effects)]
            return " and ".join(mistake.name for mistake in acting)
    return "right"


def acts(mistake: Mistake, among: Mistakes, name: str, effects: Effects) -> bool:
    """Tell whether a part would be another one without one of some mistakes."""
    without = tuple(other for other in among if other is not mistake)
    pairs = zip(effects.results(among), effects.results(without), strict=True)
    return any(not agree(a[name], b[name]) for a, b in pairs)


def apart(right: Sequence[Problem], wrong: Sequence[Problem], say: Callable[[Problem], str]) -> str:
    """Say for which problems it is right and for which wrong; nothing if that is not clear."""
    good, bad = ([*dict.fromkeys(map(say, some))] for some in (right, wrong))
    if not good or not bad or not all((*good, *bad)) or {*good} & {*bad}:
        return ""
    told = f"right for {' and for '.join(good)}, and "
    if len(bad) > MOST_LISTED:
        return f"It is {told}wrong in all other calls"
    return f"It is {told * (len(good) <= MOST_SHOWN)}wrong for {' and for '.join(bad)}"


def described(problem: Problem) -> str:
    """Say what is special about a problem: what is said of it, or its numbers."""
    scalars = {
        name: value for name, value in problem.arguments.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }  # fmt: skip
    return problem.about or ", ".join(f"{name} = {value:g}" for name, value in scalars.items())


def lengths(problem: Problem) -> str:
    """Say how long the axes of a problem are."""
    return ", ".join(f"{name} = {size}" for name, size in problem.sizes.items())


def partly_right(about: str, right: Sequence[str], wrong: Sequence[str]) -> str:
    """Say which parts are right in a special case, beside those that are not.

    >>> partly_right("two steps", ["W_xh"], ["W_hh", "b_h"])
    'For two steps, `W_xh` is right, but `W_hh` and `b_h` are not.'
    """
    good, bad = ([f"`{name}`" for name in names] for names in (right, wrong))
    others = listed(bad) if len(bad) <= MOST_SHOWN else f"{len(bad)} other parts"
    verbs = ["are" if names[1:] else "is" for names in (good, bad)]
    return f"For {about}, {listed(good)} {verbs[0]} right, but {others} {verbs[1]} not."


def listed(names: Sequence[str]) -> str:
    """Write names one after the other, with an "and" before the last one.

    >>> listed(["i", "o", "C"])
    'i, o and C'
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def form_of(values: Sequence[Any], sizes: Sequence[Mapping[str, int]]) -> str:
    """Describe an argument or a result by its shape, in symbols."""
    first = values[0]
    if isinstance(first, dict):
        return ", ".join(
            f"{name} {form_of([value[name] for value in values], sizes)}" for name in first
        )
    if callable(first):
        return "a function"
    array = np.asarray(first)
    if not array.ndim:
        return {"f": "number", "b": "True or False"}.get(array.dtype.kind, "integer")
    integers = " of integers" if array.dtype.kind in "iu" else ""
    return shape_in_symbols([np.shape(value) for value in values], sizes) + integers
