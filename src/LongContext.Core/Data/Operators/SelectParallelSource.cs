using System.Runtime.ExceptionServices;

namespace LongContext.Data.Operators;

/// <summary>
/// A function on many threads, its results in the items' order. The source is read by the caller's thread alone; results made ahead are no part of
/// the state, which is the place after the last one given.
/// </summary>
internal sealed class SelectParallelSource<TIn, TOut>(IDataSource<TIn> source, Func<TIn, TOut> map, int degree, int ahead, string identity)
    : OperatorSource<TIn, TOut>(source, "select", identity)
    where TIn : class
    where TOut : class
{
    private readonly TaskScheduler scheduler = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, degree).ConcurrentScheduler;
    private readonly Queue<Task<TOut>> made = new();
    private Generation generation = new();
    private Task<TOut>? first; // taken out of the queue, its item not yet given
    private ExceptionDispatchInfo? readingFault; // comes out after the items before it

    public override TOut? Next(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ReadAhead(cancellationToken);
        if (first is null && !made.TryDequeue(out first)) return null;
        try
        {
            first.Wait(cancellationToken);
        }
        catch (AggregateException fault)
        {
            // Its turn has come, so it comes out here; the next call tries the item again.
            first = Start(Cursor.Peek(0, CancellationToken.None)!);
            ExceptionDispatchInfo.Throw(fault.InnerExceptions[0]);
        }

        TOut result = first.Result;
        first = null;
        Cursor.Take();
        return result;
    }

    protected override Action Load(StreamState state) => () =>
    {
        // What was made ahead belongs to another place. What runs ends by itself; what has not begun never does.
        generation.IsDropped = true;
        generation = new Generation();
        made.Clear();
        first = null;
        readingFault = null;
    };

    private void ReadAhead(CancellationToken cancellationToken)
    {
        int waiting = made.Count + (first is null ? 0 : 1);
        if (waiting == 0 && readingFault is { } fault)
        {
            readingFault = null; // the next call asks the source again
            fault.Throw();
        }

        try
        {
            for (; waiting < ahead && readingFault is null && Cursor.Peek(waiting, cancellationToken) is { } item; waiting++) made.Enqueue(Start(item));
        }
        catch (Exception thrown) when (waiting > 0 && !cancellationToken.IsCancellationRequested)
        {
            readingFault = ExceptionDispatchInfo.Capture(thrown);
        }
    }

    private Task<TOut> Start(TIn item)
    {
        Generation own = generation;
        return Task.Factory.StartNew(
            () => own.IsDropped ? throw new OperationCanceledException() : Require(map(item), "The function of SelectParallel"),
            CancellationToken.None, TaskCreationOptions.DenyChildAttach, scheduler);
    }

    /// <summary>Results that belong to one place; another is gone to when they are dropped.</summary>
    private sealed class Generation
    {
        private volatile bool isDropped;

        public bool IsDropped
        {
            get => isDropped;
            set => isDropped = value;
        }
    }
}
