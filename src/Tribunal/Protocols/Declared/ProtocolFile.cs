namespace Tribunal.Protocols.Declared;

/// <summary>What a judge looks at in one call.</summary>
public enum ProtocolKind
{
    /// <summary>One response at a time: a judgement is a call per response.</summary>
    Pointwise,

    /// <summary>Two responses, a winner.</summary>
    Pairwise,

    /// <summary>All responses at once, a score for each.</summary>
    Listwise,

    /// <summary>One response at a time, by the criteria of its rubric: a grade for each, of which the score is made (<see cref="Rollouts.Rubric.Score"/>).</summary>
    Rubric,

    /// <summary>One response at a time, and the endpoint's own number instead of an answer: a classic reward model.</summary>
    Scalar,
}

/// <summary>A protocol as its file states it: how a judge is asked, and how its answer is read.</summary>
public sealed record ProtocolFile
{
    /// <summary>The name in ledgers and on the command line: lower-case letters, digits and hyphens, 2 to 40 of them.</summary>
    public required string Name { get; init; }

    /// <summary>What it is, in a line.</summary>
    public required string Title { get; init; }

    /// <summary>What the judge looks at in one call.</summary>
    public required ProtocolKind Kind { get; init; }

    /// <summary>Models that <c>auto</c> takes it for: words that follow each other in the model's name, such as <c>rise-judge</c>.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>Where it comes from.</summary>
    public required ProtocolSource Source { get; init; }

    /// <summary>Sampling parameters that the model's authors used.</summary>
    public required SamplingDefaults Sampling { get; init; }

    /// <summary>Whether the model always thinks first: then an answer without an end of its thinking is none.</summary>
    public bool Thinks { get; init; }

    /// <summary>What <c>{{principle}}</c> says.</summary>
    public string? Principle { get; init; }

    /// <summary>What <c>{{rubric}}</c> says.</summary>
    public string? Rubric { get; init; }

    /// <summary>What is sent, in order.</summary>
    public required IReadOnlyList<DeclaredMessage> Messages { get; init; }

    /// <summary>Whether a call is about one criterion (<c>{{criterion}}</c>) and not about all of them (<c>{{criteria}}</c>), where the kind is <see cref="ProtocolKind.Rubric"/>.</summary>
    public bool Apart { get; init; }

    /// <summary>How <c>{{responses}}</c> shows a response, or <c>{{criteria}}</c> a criterion.</summary>
    public string? Block { get; init; }

    /// <summary>What stands between two blocks.</summary>
    public string Between { get; init; } = "\n\n";

    /// <summary>How <c>{{turns}}</c> shows the prompt's turns.</summary>
    public TurnForm Turns { get; init; } = TurnForm.Usual;

    /// <summary>How the answer is read; null for scalar protocols.</summary>
    public ReadRule? Read { get; init; }

    /// <summary>The scale of the scores; null for protocols that name a winner, and for scalar ones.</summary>
    public ScoreScale? Scale { get; init; }

    /// <summary>Whether a tie is a verdict, which counts half for either side.</summary>
    public bool Ties { get; init; }

    /// <summary>What goes into the request besides the messages.</summary>
    public RequestFields Request { get; init; } = new();

    /// <summary>Answers, and what has to be read in them: at least three, of which one holds no verdict.</summary>
    public required IReadOnlyList<ProtocolExample> Examples { get; init; }
}

/// <summary>Where a protocol comes from.</summary>
public sealed record ProtocolSource
{
    /// <summary>The model card, repository or paper.</summary>
    public required string Page { get; init; }

    /// <summary>The licence of that source.</summary>
    public required string Licence { get; init; }

    /// <summary>When it was compared with that source.</summary>
    public required DateOnly Checked { get; init; }

    /// <summary>Whose words the prompt is; null where the file doesn't say.</summary>
    public Wording? Wording { get; init; }

    /// <summary>The repository that the prompt's text was taken from, its commit, and the file in it; null where the text is none of others'.</summary>
    public string? Repository { get; init; }

    /// <summary>The repository's commit, 7 to 40 hexadecimal digits.</summary>
    public string? Commit { get; init; }

    /// <summary>The repository's file.</summary>
    public string? File { get; init; }

    /// <summary>What could not be checked, or differs.</summary>
    public string? Note { get; init; }
}

/// <summary>Whose words a prompt is.</summary>
public enum Wording
{
    /// <summary>The authors' own, byte for byte as their code formats it.</summary>
    Authors,

    /// <summary>This project's, or whoever wrote the file: with the authors' parts, marks and answer's form where the model has any.</summary>
    Own,

    /// <summary>Nobody's here: the model's own chat template writes the prompt out of the messages.</summary>
    Template,
}

/// <summary>How turns are shown as text.</summary>
/// <param name="Each">A turn, with <c>{{speaker}}</c>, <c>{{role}}</c> and <c>{{turn}}</c>.</param>
/// <param name="Between">What stands between two.</param>
/// <param name="User">The speaker of a user's turn.</param>
/// <param name="Assistant">The speaker of an assistant's; <c>{{letter}}</c> and <c>{{number}}</c> are those of the side that it is shown on.</param>
public sealed record TurnForm(DeclaredText Each, string Between, string User, string Assistant)
{
    /// <summary><c>User: text</c>, an empty line between two.</summary>
    public static TurnForm Usual { get; } = new(DeclaredText.Parse("{{speaker}}: {{turn}}", default, DeclaredText.TurnPlaceholders), "\n\n", "User", "Assistant");
}

/// <summary>A message of a prompt.</summary>
public sealed record DeclaredMessage
{
    /// <summary>The role; <c>{{number}}</c> and <c>{{letter}}</c> stand in it where there is one message per response.</summary>
    public string Role { get; init; } = "user";

    /// <summary>The text. An empty one is sent as it is: some models' templates write something of their own where no such message is.</summary>
    public DeclaredText? Text { get; init; }

    /// <summary>Whether the conversation's own turns stand here as messages, in their own roles.</summary>
    public bool Conversation { get; init; }

    /// <summary>Whether there is one such message per response.</summary>
    public bool PerResponse { get; init; }
}

/// <summary>The scale of scores.</summary>
/// <param name="Min">The smallest.</param>
/// <param name="Max">The largest.</param>
/// <param name="Whole">Whether only whole numbers are on it.</param>
/// <param name="LowIsBest">Whether the smallest is the best.</param>
public sealed record ScoreScale(double Min, double Max, bool Whole = false, bool LowIsBest = false)
{
    /// <summary>Whether a number is on the scale.</summary>
    public bool Holds(double number) => number >= Min && number <= Max && (!Whole || number == Math.Floor(number));

    /// <summary>The score, higher for better, on the same scale.</summary>
    public double Upwards(double number) => LowIsBest ? Min + Max - number : number;
}

/// <summary>An answer, and what has to be read in it.</summary>
public sealed record ProtocolExample
{
    /// <summary>The answer; of a protocol that judges one response at a time, the answer on one.</summary>
    public required string Answer { get; init; }

    /// <summary>How many responses were shown.</summary>
    public required int Responses { get; init; }

    /// <summary>The winner, from 1; null where there is none.</summary>
    public int? Winner { get; init; }

    /// <summary>The scores, before low and high change places; null where there are none.</summary>
    public IReadOnlyList<double>? Scores { get; init; }

    /// <summary>Whether it is a tie.</summary>
    public bool Tie { get; init; }

    /// <summary>Where the example stands in the file, for messages.</summary>
    public FilePlace Place { get; init; }
}

/// <summary>A place in a file, both from 1.</summary>
public readonly record struct FilePlace(int Line, int Column);

/// <summary>A protocol file can't be used.</summary>
/// <param name="place">Where.</param>
/// <param name="message">What is wrong, and what was expected.</param>
public sealed class ProtocolFileException(FilePlace place, string message)
    : Exception($"line {place.Line}, column {place.Column}: {message}")
{
    /// <summary>Where.</summary>
    public FilePlace Place { get; } = place;
}
