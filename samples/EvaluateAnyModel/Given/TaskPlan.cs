using LongContext.Evaluation;
using LongContext.Evaluation.Tasks;

namespace LongContext.Samples.EvaluateAnyModel.Given;

/// <summary>What a model is asked.</summary>
internal sealed record TaskPlan
{
    /// <summary>Most items that the search for the effective length asks at one length.</summary>
    public const int SearchItems = 96;

    /// <summary>Tasks that exist at every length.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>Tasks that are as long as they are.</summary>
    public required IReadOnlyList<EvaluationTask> FromFiles { get; init; }

    /// <summary>In ascending order; empty for those that suit the model.</summary>
    public required IReadOnlyList<int> Lengths { get; init; }

    public required int Samples { get; init; }

    public required IReadOnlyList<double> Depths { get; init; }

    public required IReadOnlyList<string> Essays { get; init; }

    public required int Seed { get; init; }

    /// <summary>An eighth of the window to all of it; where nobody knows it, 1,024 to 8,192.</summary>
    public IReadOnlyList<int> LengthsFor(EvaluationModel model)
    {
        if (Lengths.Count > 0) return Lengths;
        int longest = model.ContextLength ?? 8_192;
        return [longest / 8, longest / 4, longest / 2, longest];
    }

    /// <summary>The tasks at the lengths, and those from files.</summary>
    public IReadOnlyList<EvaluationTask> Create(IReadOnlyList<int> lengths) => [.. Sized(lengths, Samples, Depths).Create(Names), .. FromFiles];

    /// <summary>The tasks for the search, which looks at the first items first: depths that spread evenly however many are asked.</summary>
    public IReadOnlyList<EvaluationTask> CreateForSearch(IReadOnlyList<int> lengths) =>
        Sized(lengths, SearchItems, [.. Enumerable.Range(0, SearchItems).Select(i => Math.Round(i * 0.618034 % 1, 3))]).Create(Names);

    private SizedTasks Sized(IReadOnlyList<int> lengths, int samples, IReadOnlyList<double> depths) =>
        new() { Lengths = lengths, Samples = samples, Depths = depths, Essays = Essays, Seed = Seed };
}
