using System.Diagnostics;
using System.Globalization;
using LongContext.Evaluation;

namespace LongContext.Samples.EvaluateAnyModel;

/// <summary>A line for each length that the search for the effective length is done with, and every ten seconds on the way.</summary>
/// <param name="model">The model's name.</param>
/// <param name="mostItems">Items that are asked at one length at most.</param>
internal sealed class SearchLines(string model, int mostItems) : IProgress<EffectiveContextProgress>
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private readonly Stopwatch sinceLast = Stopwatch.StartNew();

    public void Report(EffectiveContextProgress value)
    {
        LengthMeasurement measured = value.Measurement;
        bool done = measured.Verdict != LengthVerdict.Undecided || measured.Items >= mostItems;
        if (!done && sinceLast.Elapsed < Interval) return;
        sinceLast.Restart();
        string verdict = measured.Verdict switch { LengthVerdict.Above => "above the threshold", LengthVerdict.Below => "below the threshold", _ => done ? "too near the threshold to tell" : "not decided yet" };
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"effective length of {model}, {value.Task}: {measured.Length:N0} tokens {verdict}, mean {measured.Mean:0.00} over {measured.Items} questions (length {value.Lengths} of {value.MostLengths} at most)"));
    }
}
