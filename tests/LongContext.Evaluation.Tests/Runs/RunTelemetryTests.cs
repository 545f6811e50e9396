using System.Diagnostics;
using System.Diagnostics.Metrics;
using LongContext.Evaluation.Support;

namespace LongContext.Evaluation.Runs;

/// <summary>What those hear who listen to "LongContext".</summary>
public sealed class RunTelemetryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_Listeners_HearRequestsTokensRetriesAndItems()
    {
        const string Model = "telemetry"; // other tests run meanwhile
        List<(string Name, double Value, Dictionary<string, object?> Tags)> measured = [];
        List<Activity> activities = [];
        using MeterListener meters = new()
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "LongContext") listener.EnableMeasurementEvents(instrument);
            },
        };
        void Heard(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            Dictionary<string, object?> all = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value);
            if (all.GetValueOrDefault("model") as string != Model) return;
            lock (measured) measured.Add((instrument.Name, value, all));
        }

        meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Heard(instrument, value, tags));
        meters.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Heard(instrument, value, tags));
        meters.Start();
        using ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == "LongContext",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.GetTagItem("model") as string != Model) return;
                lock (activities) activities.Add(activity);
            },
        };
        ActivitySource.AddActivityListener(listener);

        // The first of five fails once, the last always.
        int first = 0;
        ScriptedClient client = new(question => question.EndsWith(" 4", StringComparison.Ordinal) || (question.EndsWith(" 0", StringComparison.Ordinal) && Interlocked.Increment(ref first) == 1)
            ? throw new HttpRequestException("down") : EchoTask.Answer(question));
        EvaluationRunOptions options = new() { MaximumTries = 3, RetryDelay = TimeSpan.FromMilliseconds(1), MaximumRetryDelay = TimeSpan.FromMilliseconds(2) };
        EvaluationReport report = await new EvaluationRunner(options).RunAsync([RunModels.Of(client, Model)], [new EchoTask("a", 5)], cancellationToken: Token);

        Assert.Equal(4, report.Tasks[0].Scored);
        Assert.Equal(8, client.Asked.Count);
        Assert.Equal((8, 4), (Of("longcontext.evaluation.request.duration").Count, Of("longcontext.evaluation.request.duration").Count(each => each.Tags["succeeded"] is true)));
        Assert.All(Of("longcontext.evaluation.request.duration"), each => Assert.InRange(each.Value, 0, 60));
        Assert.Equal(3, Of("longcontext.evaluation.retries").Sum(each => each.Value));
        Assert.Equal(4 * 3, Of("longcontext.evaluation.tokens").Where(each => each.Tags["direction"] is "input").Sum(each => each.Value));
        Assert.Equal(report.Tasks[0].OutputTokens, Of("longcontext.evaluation.tokens").Where(each => each.Tags["direction"] is "output").Sum(each => each.Value));
        Assert.Equal([("Failed", 1.0), ("Scored", 4.0)], Of("longcontext.evaluation.items").GroupBy(each => (string)each.Tags["status"]!).Select(group => (group.Key, group.Sum(each => each.Value))).Order());
        Assert.All(Of("longcontext.evaluation.items"), each => Assert.Equal("a", each.Tags["task"]));
        Assert.Equal((8, 4), (activities.Count, activities.Count(activity => activity.Status == ActivityStatusCode.Error)));
        Assert.All(activities, activity => Assert.Equal((ActivityKind.Client, "evaluation request"), (activity.Kind, activity.OperationName)));

        List<(string Name, double Value, Dictionary<string, object?> Tags)> Of(string name) => [.. measured.Where(each => each.Name == name)];
    }
}
