namespace LongContext.Tests;

/// <summary>
/// A thread that collects the youngest objects and runs finalizers all the time. TorchSharp's operators do not hold the tensors that they are given, so one that nothing else holds may be finalised while native code
/// reads it: that ends the process or spoils its heap, and shows under pressure within seconds. With LONGCONTEXT_GC_PRESSURE=1 all tests run so.
/// </summary>
internal sealed class CollectionPressure : IDisposable
{
    private readonly Thread thread;
    private volatile bool stops;

    public CollectionPressure()
    {
        thread = new Thread(Run) { IsBackground = true, Name = "Collections" };
        thread.Start();
    }

    /// <summary>Collections so far.</summary>
    public long Count { get; private set; }

    /// <summary>Begins for the whole process where the environment says so.</summary>
    public static void BeginIfAsked()
    {
        if (Environment.GetEnvironmentVariable("LONGCONTEXT_GC_PRESSURE") == "1") _ = new CollectionPressure();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        stops = true;
        thread.Join();
    }

    private void Run()
    {
        while (!stops)
        {
            GC.Collect(0, GCCollectionMode.Forced, blocking: true);
            GC.WaitForPendingFinalizers();
            Count++;
        }
    }
}
