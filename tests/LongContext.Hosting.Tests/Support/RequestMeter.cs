using System.Diagnostics.Metrics;

namespace LongContext.Hosting.Support;

/// <summary>Hears what became of one model's requests, and how many wait for it.</summary>
internal sealed class RequestMeter : IDisposable
{
    private readonly MeterListener listener;
    private readonly List<string> outcomes = [];
    private readonly Lock state = new();
    private long waiting, began;

    /// <param name="model">The model's name, another than those of tests that run meanwhile.</param>
    public RequestMeter(string model)
    {
        listener = new MeterListener
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Meter.Name == "LongContext" && instrument.Name is "longcontext.hosting.requests" or "longcontext.hosting.waiting") own.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            Dictionary<string, object?> all = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value);
            if (!model.Equals(all["longcontext.hosting.model"])) return;
            lock (state)
            {
                if (instrument.Name == "longcontext.hosting.requests")
                {
                    outcomes.Add((string)all["longcontext.hosting.outcome"]!);
                    return;
                }

                waiting += value;
                if (value > 0) began++;
            }
        });
        listener.Start();
    }

    /// <summary>What became of requests, in order.</summary>
    public string[] Outcomes
    {
        get
        {
            lock (state) return [.. outcomes];
        }
    }

    /// <summary>Requests that wait now.</summary>
    public long Waiting
    {
        get
        {
            lock (state) return waiting;
        }
    }

    /// <summary>Requests that have waited.</summary>
    public long Began
    {
        get
        {
            lock (state) return began;
        }
    }

    public void Dispose() => listener.Dispose();
}
