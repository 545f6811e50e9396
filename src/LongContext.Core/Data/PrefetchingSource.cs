using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.ExceptionServices;

namespace LongContext.Data;

/// <summary>
/// Reads ahead on a thread of its own, so that reading, decompressing and all that stands below costs whoever asks no time. Its state is that of the
/// last item it gave, not of those read ahead. Made by <see cref="DataSourceExtensions.Prefetch"/>.
/// </summary>
/// <typeparam name="T">What it gives.</typeparam>
/// <remarks>The thread starts with the first item that is asked for and ends with the source, a fault, <see cref="Restore"/> or <see cref="Dispose"/>.</remarks>
public sealed class PrefetchingSource<T> : IDataSource<T>, IDisposable
    where T : class
{
    private const string StateKind = "prefetch", SourceName = "source", SkipName = "skip";

    /// <summary>Items from one state of the source to the next; in between, a state is the last one and the items to read over.</summary>
    private const int Interval = 32;

    private readonly IDataSource<T> source;
    private readonly int ahead;
    private Worker? worker;
    private Place place;
    private bool disposed, ended;

    internal PrefetchingSource(IDataSource<T> source, int ahead)
    {
        this.source = source;
        this.ahead = ahead;
        place = new Place(source.Capture(), 0);
    }

    /// <inheritdoc/>
    /// <remarks>What the source threw comes out here, in its turn; the next call asks the source again.</remarks>
    public T? Next(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        if (ended) return null;
        worker ??= new Worker(source, ahead, place, toSkip: 0);
        Item item = worker.Take(cancellationToken);
        if (item.Fault is not null)
        {
            // The source stands where the worker left it, which is also where it stood before the call that failed.
            (long left, Place reached) = (worker.ToSkip, worker.Reached);
            Stop();
            worker = new Worker(source, ahead, reached, left);
            item.Fault.Throw();
        }

        place = item.After;
        ended = item.Value is null;
        return item.Value;
    }

    /// <inheritdoc/>
    public StreamState Capture() => new StreamState(StateKind).Set(SourceName, place.Anchor).Set(SkipName, place.Since);

    /// <inheritdoc/>
    public void Restore(StreamState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        ObjectDisposedException.ThrowIf(disposed, this);
        state.RequireKind(StateKind);
        StreamState anchor = state.GetState(SourceName);
        long skip = state.GetNumber(SkipName, 0);
        Stop();
        try
        {
            source.Restore(anchor);
            (place, ended) = (new Place(anchor, skip), false);
        }
        catch
        {
            // Refused: what was read ahead is read again.
            source.Restore(place.Anchor);
            throw;
        }
        finally
        {
            worker = new Worker(source, ahead, place with { Since = 0 }, place.Since);
        }
    }

    /// <summary>Ends the thread, and waits until it has left the source. The source stays its owner's.</summary>
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

    /// <summary>A state of the source, and the items given since.</summary>
    private readonly record struct Place(StreamState Anchor, long Since);

    private readonly record struct Item(T? Value, Place After, ExceptionDispatchInfo? Fault);

    private sealed class Worker(IDataSource<T> source, int ahead, Place start, long toSkip) : IDisposable
    {
        private readonly CancellationTokenSource stopping = new();
        private readonly BlockingCollection<Item> read = new(ahead);
        private Thread? thread;

        /// <summary>Where the thread has come to; to be looked at once it has ended.</summary>
        public Place Reached { get; private set; } = start;

        public long ToSkip { get; private set; } = toSkip;

        public Item Take(CancellationToken cancellationToken)
        {
            if (thread is null)
            {
                thread = new Thread(Work) { IsBackground = true, Name = "LongContext data" };
                thread.Start();
            }

            return read.Take(cancellationToken);
        }

        public void Dispose()
        {
            stopping.Cancel();
            thread?.Join();
            read.Dispose();
            stopping.Dispose();
        }

        private void Work()
        {
            try
            {
                T? item;
                do
                {
                    if (Reached.Since >= Interval && ToSkip == 0) Reached = new Place(source.Capture(), 0);
                    item = source.Next(stopping.Token);
                    if (item is not null) Reached = Reached with { Since = Reached.Since + 1 };
                    if (ToSkip > 0)
                    {
                        if (item is null) throw new DataFormatException(string.Create(CultureInfo.InvariantCulture, $"The source ended {ToSkip} items before the place that its state names: the data has changed since."));
                        ToSkip--;
                        continue;
                    }

                    read.Add(new Item(item, Reached, null), stopping.Token);
                }
                while (item is not null);
            }
            catch (Exception fault)
            {
                try
                {
                    read.Add(new Item(null, default, ExceptionDispatchInfo.Capture(fault)), stopping.Token);
                }
                catch (OperationCanceledException)
                {
                    // Stopped: nobody takes it any more.
                }
            }
        }
    }
}
