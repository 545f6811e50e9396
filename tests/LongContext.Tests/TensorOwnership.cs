using System.Diagnostics.Tracing;
using System.Globalization;
using LongContext.Tests;
using static TorchSharp.torch;

[assembly: AssemblyFixture(typeof(TensorOwnership))]

namespace LongContext.Tests;

/// <summary>
/// No tensor is left to a finalizer, in the library or in its tests: TorchSharp does not hold a tensor while native code reads it, so that a temporary that neither a <c>using</c> nor a dispose scope
/// holds may be freed in the midst of the operator that it was made for. That ended whole runs, once in some thousand calls. Counted by the runtime's own events: what was disposed of has no finalizer to run.
/// </summary>
public sealed class TensorOwnership : EventListener
{
    private const string Runtime = "Microsoft-Windows-DotNETRuntime";
    private const EventKeywords Collections = (EventKeywords)1;

    private readonly HashSet<string> types = [.. new[] { typeof(Tensor), typeof(TorchSharp.Modules.Parameter) }.Select(type => type.TypeHandle.Value.ToString(CultureInfo.InvariantCulture))];
    private int left;

    /// <summary>Collects what nothing holds any more, and counts.</summary>
    public override void Dispose()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        // Events come on a thread of their own.
        Thread.Sleep(500);
        base.Dispose();
        Assert.True(left == 0, $"{left} tensors were left to their finalizers: each may be freed while native code reads it. Run classes alone (--filter-class) to find whose they are.");
    }

    /// <inheritdoc />
    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Runtime) EnableEvents(eventSource, EventLevel.Verbose, Collections);
    }

    /// <inheritdoc />
    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName == "FinalizeObject" && eventData.Payload is [{ } type, ..] && types.Contains(Convert.ToString(type, CultureInfo.InvariantCulture)!)) Interlocked.Increment(ref left);
    }
}
