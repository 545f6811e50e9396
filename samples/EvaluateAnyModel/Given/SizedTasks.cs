using LongContext.Evaluation.Tasks;
using LongContext.Evaluation.Tasks.Needles;
using LongContext.Evaluation.Tasks.Ruler;
using LongContext.Samples.Shared;

namespace LongContext.Samples.EvaluateAnyModel.Given;

/// <summary>Makes the tasks that exist at every length, by name.</summary>
internal sealed record SizedTasks
{
    private const string AllOfRuler = "ruler", OneOfRuler = "ruler/";
    private static readonly string[] Simple = ["needle", "multi-needle", "passkey", "repetition", "key-value"];

    public required IReadOnlyList<int> Lengths { get; init; }

    /// <summary>Items of each task and length, or a few more where they do not divide by the depths.</summary>
    public required int Samples { get; init; }

    /// <summary>Where in the text the answer lies, 0 to 1, for the tasks that can choose.</summary>
    public required IReadOnlyList<double> Depths { get; init; }

    /// <summary>The text that RULER's and the needle tests' answers are hidden in; empty for built-in sentences.</summary>
    public required IReadOnlyList<string> Essays { get; init; }

    public required int Seed { get; init; }

    /// <summary>Names as the command line has them.</summary>
    /// <exception cref="UsageException">There is no such task, or one comes twice.</exception>
    public static void Check(IReadOnlyList<string> names)
    {
        foreach (string name in names)
        {
            if (name != AllOfRuler && !Simple.Contains(name) && !(name.StartsWith(OneOfRuler, StringComparison.Ordinal) && Ruler.Names.Contains(name[OneOfRuler.Length..])))
                throw new UsageException($"--tasks has \"{name}\"; there are {string.Join(", ", Simple)}, ruler, and of it {string.Join(", ", Ruler.Names.Select(one => OneOfRuler + one))}.");
        }

        string? twice = Expand(names).GroupBy(name => name).FirstOrDefault(group => group.Count() > 1)?.Key;
        if (twice is not null) throw new UsageException($"--tasks has {twice} twice.");
    }

    public IReadOnlyList<EvaluationTask> Create(IReadOnlyList<string> names) => [.. Expand(names).Select(Create)];

    private static IEnumerable<string> Expand(IReadOnlyList<string> names) => names.SelectMany(name => name == AllOfRuler ? Ruler.Names.Select(one => OneOfRuler + one) : [name]);

    private EvaluationTask Create(string name) => name switch
    {
        "needle" => new NeedleTask(new NeedleTaskOptions { Lengths = Lengths, Depths = Depths, ItemsPerCell = ItemsPerDepth, Haystack = Essays, Seed = Seed }),
        // At a depth of 1 all needles would stand at the end: the first leaves room for the others.
        "multi-needle" => new MultiNeedleTask(new MultiNeedleTaskOptions
        {
            Lengths = Lengths, Depths = [.. Depths.Select(depth => depth * 0.75)], ItemsPerCell = ItemsPerDepth, Haystack = Essays, Seed = Seed,
        }),
        "passkey" => new PasskeyTask(new PasskeyTaskOptions { Lengths = Lengths, Depths = Depths, ItemsPerCell = ItemsPerDepth, Seed = Seed }),
        "repetition" => new RepetitionTask(new RepetitionTaskOptions { Lengths = Lengths, ItemsPerCell = Samples, Seed = Seed }),
        "key-value" => new KeyValueTask(new KeyValueTaskOptions { Lengths = Lengths, Depths = Depths, ItemsPerCell = ItemsPerDepth, Seed = Seed }),
        _ => Ruler.Create(new RulerOptions { Lengths = Lengths, ItemsPerLength = Samples, Essays = Essays, Seed = Seed }, name[OneOfRuler.Length..])[0],
    };

    private int ItemsPerDepth => (Samples + Depths.Count - 1) / Depths.Count;
}
