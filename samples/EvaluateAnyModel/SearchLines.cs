using System.Globalization;
using LongContext.Evaluation;

namespace LongContext.Samples.EvaluateAnyModel;

/// <summary>A line for each length that the search for the effective length has decided, or given up to decide.</summary>
internal sealed class SearchLines(string model) : IProgress<EffectiveContextProgress>
{
    private string? last;

    public void Report(EffectiveContextProgress value)
    {
        string verdict = value.Measurement.Verdict switch { LengthVerdict.Above => "above the threshold", LengthVerdict.Below => "below the threshold", _ => "not decided yet" };
        // After each batch of questions there is a report; a line only where it says something new.
        string what = string.Create(CultureInfo.InvariantCulture, $"{value.Task} at {value.Measurement.Length:N0} tokens: {verdict}");
        if (what == last) return;
        last = what;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{model}, effective length, {what} (mean {value.Measurement.Mean:0.00} of {value.Measurement.Items}; length {value.Lengths} of {value.MostLengths} at most)"));
    }
}
