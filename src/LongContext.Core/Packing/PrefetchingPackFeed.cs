using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using LongContext.Data;

namespace LongContext.Packing;

/// <summary>
/// Makes packs ahead on a thread of its own, so that reading, tokenizing and packing cost the training no time. Its state and its
/// report are those of the last pack it gave, not of those made ahead.
/// </summary>
/// <remarks>The thread starts with the first pack that is asked for and ends with the stream, a fault, <see cref="Restore"/> or <see cref="Dispose"/>.</remarks>
public sealed class PrefetchingPackFeed : IPackFeed, IDisposable
{
    private readonly IPackFeed inner;
    private readonly int ahead;
    private Worker? worker;
    private Item last;
    private bool disposed;

    /// <summary>Wraps a stream.</summary>
    /// <param name="inner">The stream; used by this one alone until that is disposed, and left standing after the packs made ahead.</param>
    /// <param name="ahead">Packs made ahead at most, at least 1. Default 2.</param>
    public PrefetchingPackFeed(IPackFeed inner, int ahead = 2)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentOutOfRangeException.ThrowIfLessThan(ahead, 1);
        this.inner = inner;
        this.ahead = ahead;
        last = new Item(null, inner.Capture(), inner.Report, null);
    }

    /// <inheritdoc/>
    public PackingReport? Report => last.Report;

    /// <inheritdoc/>
    /// <remarks>What the inner stream threw comes out here, in its turn; the stream then stands after the pack before, and can be restored.</remarks>
    public PackedBatch? Next(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        worker ??= new Worker(inner, ahead);
        Item item = worker.Take(cancellationToken);
        item.Fault?.Throw();
        last = item;
        return item.Pack;
    }

    /// <inheritdoc/>
    public StreamState Capture() => last.State!;

    /// <inheritdoc/>
    public void Restore(StreamState state)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        Stop();
        inner.Restore(state);
        last = new Item(null, inner.Capture(), inner.Report, null);
    }

    /// <summary>Ends the thread, and waits until it has left the inner stream. The inner stream stays its owner's.</summary>
    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        Stop();
    }

    private void Stop()
    {
        worker?.Dispose();
        worker = null;
    }

    private readonly record struct Item(PackedBatch? Pack, StreamState? State, PackingReport? Report, ExceptionDispatchInfo? Fault);

    private sealed class Worker : IDisposable
    {
        private readonly CancellationTokenSource stopping = new();
        private readonly BlockingCollection<Item> made;
        private readonly Thread thread;
        private Item? final;

        public Worker(IPackFeed inner, int ahead)
        {
            // One more is made while it waits for its place.
            made = new BlockingCollection<Item>(ahead);
            thread = new Thread(() => Work(inner)) { IsBackground = true, Name = "LongContext packs" };
            thread.Start();
        }

        public Item Take(CancellationToken cancellationToken)
        {
            if (final is { } known) return known;
            Item item = made.Take(cancellationToken);
            if (item.Pack is null) final = item;
            return item;
        }

        public void Dispose()
        {
            stopping.Cancel();
            thread.Join();
            made.Dispose();
            stopping.Dispose();
        }

        private void Work(IPackFeed inner)
        {
            try
            {
                PackedBatch? pack;
                do
                {
                    pack = inner.Next(stopping.Token);
                    made.Add(new Item(pack, inner.Capture(), inner.Report, null), stopping.Token);
                }
                while (pack is not null);
            }
            catch (Exception fault)
            {
                try
                {
                    made.Add(new Item(null, null, null, ExceptionDispatchInfo.Capture(fault)), stopping.Token);
                }
                catch (OperationCanceledException)
                {
                    // Stopped: nobody takes it any more.
                }
            }
        }
    }
}
