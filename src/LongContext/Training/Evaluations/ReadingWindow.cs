namespace LongContext.Training.Evaluations;

/// <summary>
/// While a run waits for an evaluation, the weights are one step's, and whatever the evaluation starts and awaits may read them on any thread. Disposing waits for who has begun: the run
/// does not change the weights under a task that the evaluation left behind.
/// </summary>
internal sealed class ReadingWindow : IDisposable
{
    private static readonly AsyncLocal<ReadingWindow?> Local = new();

    private readonly object gate = new();
    private readonly object model;
    private int readers;
    private bool closed;

    private ReadingWindow(object model) => this.model = model;

    /// <summary>For what this thread does, and what is started from it, until disposed.</summary>
    /// <param name="model">What may be read.</param>
    public static ReadingWindow Open(object model) => Local.Value = new ReadingWindow(model);

    /// <summary>Lets a caller in who belongs to an evaluation of this model that is under way.</summary>
    /// <returns>To be disposed when read; null where the caller does not.</returns>
    public static IDisposable? TryRead(object model)
    {
        if (Local.Value is not { } window || !ReferenceEquals(window.model, model)) return null;
        lock (window.gate)
        {
            if (window.closed) return null;
            window.readers++;
        }

        return new Reader(window);
    }

    public void Dispose()
    {
        Local.Value = null;
        lock (gate)
        {
            closed = true;
            while (readers > 0) Monitor.Wait(gate);
        }
    }

    private sealed class Reader(ReadingWindow window) : IDisposable
    {
        public void Dispose()
        {
            lock (window.gate)
            {
                window.readers--;
                Monitor.PulseAll(window.gate);
            }
        }
    }
}
