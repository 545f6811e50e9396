using LongContext.Generation.Running;
using LongContext.Generation.Sampling;
using Microsoft.Extensions.Logging;

namespace LongContext.Generation.Scheduling;

/// <summary>The engine's thread: takes requests in, runs step after step, and gives tokens out.</summary>
internal sealed partial class EngineLoop : IDisposable
{
    /// <summary>A step goes on for the sake of those who have this share of its work.</summary>
    private const double ShareWorthFinishing = 0.25;

    /// <summary>How long running requests are held to the memory that there was.</summary>
    private static readonly TimeSpan TimeOfShortage = TimeSpan.FromSeconds(30);

    private readonly object gate = new();
    private readonly EngineModel model;
    private readonly IModelRunner runner;
    private readonly PagedCache cache;
    private readonly Scheduler scheduler;
    private readonly StepBatch batch;
    private readonly DraftGuesser? drafts;
    private readonly GenerationEngineOptions options;
    private readonly MemoryShortage shortage;
    private readonly Thread thread;
    private readonly HashSet<EngineSequence> active = [];
    private readonly Action<EngineSequence> admitted, abandonedOne;
    private List<EngineSequence> inbox = [], taken = [];
    private readonly CancellationTokenSource stop = new();
    private CancellationTokenSource step = new();
    private long arrivals, alternatives;
    private long? shortSince;
    private int holders, notBegun, runningCount, waitingCount;
    private double heldWork, wholeWork;
    private bool stopping, clears, mayLoseStep, lostStep;
    private Exception? broken;
    private (long Running, long Waiting, long Bytes) told;

    public EngineLoop(EngineModel model, IModelRunner runner, PagedCache cache, GenerationEngineOptions options, DraftGuesser? drafts = null)
    {
        (this.model, this.runner, this.cache, this.options, this.drafts) = (model, runner, cache, options, drafts);
        int stepTokens = Math.Min(options.StepTokens, runner.MaximumTokens), sequences = Math.Min(options.MaximumSequences, stepTokens);
        scheduler = new Scheduler(cache, stepTokens, sequences, model.Work, options.OvertakingLimit, drafts, StepMemory.ScoreRowsOf(options));
        batch = new StepBatch(stepTokens, sequences);
        shortage = new MemoryShortage(options.TimeProvider);
        (admitted, abandonedOne) = (OnAdmitted, OnAbandoned);
        thread = new Thread(Run) { IsBackground = true, Name = "LongContext engine" };
        thread.Start();
    }

    /// <summary>Memory for the draws of all sequences, used by the engine's thread.</summary>
    public TokenDistribution Distribution { get; } = new();

    public EngineCounters Counters { get; } = new();

    public int RunningCount => Volatile.Read(ref runningCount);

    public int WaitingCount => Volatile.Read(ref waitingCount);

    public long Preemptions => scheduler.Preemptions;

    /// <summary>Bytes that keys and values may come to: what was planned, or less where the machine has shown that it has less.</summary>
    public long CapacityBytes => Math.Min(cache.BudgetBytes, shortage.HeldBytes ?? long.MaxValue);

    /// <summary>The fault that ended the thread; null while it goes on.</summary>
    public Exception? Failure
    {
        get
        {
            lock (gate) return broken;
        }
    }

    /// <summary>Bytes that the engine's thread has allocated up to the last step, for tests.</summary>
    public long AllocatedBytes { get; private set; }

    /// <summary>Takes a request in, on the caller's thread.</summary>
    public void Submit(EngineSequence sequence)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopping, typeof(GenerationEngine));
            if (broken is not null) throw new InvalidOperationException("The engine stopped with a fault: " + broken.Message, broken);
            if (options.QueueLimit is { } limit && notBegun >= limit + Math.Max(0, batch.MaximumSequences - (active.Count - notBegun)))
                throw new GenerationQueueFullException($"{notBegun} requests wait, and no more than {limit} may (GenerationEngineOptions.QueueLimit).");
            if (sequence.Alternatives > options.MaximumLogProbabilitiesTogether - alternatives)
            {
                throw new GenerationQueueFullException(
                    $"{sequence.Alternatives} log-probabilities of likeliest tokens are asked for, and requests before this one may come to {alternatives}, expected at most {options.MaximumLogProbabilitiesTogether} together " +
                    $"(GenerationEngineOptions.{nameof(GenerationEngineOptions.MaximumLogProbabilitiesTogether)}).");
            }

            sequence.Arrival = ++arrivals;
            alternatives += sequence.Alternatives;
            active.Add(sequence);
            notBegun++;
            inbox.Add(sequence);
            Volatile.Write(ref waitingCount, waitingCount + 1);
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>
    /// Notes that nobody waits for a sequence any more, on any thread. The step ends early where it has none that somebody waits for; and also where most of it was for those who have gone, so that the
    /// others are not held up by it: they are computed in the next step. That happens to no two steps in a row, so that callers who come and go cannot stop the others.
    /// </summary>
    public void Abandon(EngineSequence sequence)
    {
        lock (gate)
        {
            if (sequence.HoldsStep)
            {
                sequence.HoldsStep = false;
                heldWork -= sequence.StepWork;
                bool isLost = --holders > 0;
                if (!isLost || (mayLoseStep && heldWork < ShareWorthFinishing * wholeWork))
                {
                    lostStep |= isLost;
                    step.Cancel();
                }
            }

            Monitor.PulseAll(gate);
        }
    }

    /// <summary>Forgets what was computed so far, for requests to come, before the next step.</summary>
    public void Clear()
    {
        lock (gate)
        {
            if (stopping || broken is not null) return;
            clears = true;
            Monitor.PulseAll(gate);
            while (clears && !stopping) Monitor.Wait(gate);
        }
    }

    /// <summary>Ends all requests and waits for the thread.</summary>
    public void Dispose()
    {
        EngineSequence[] ended;
        lock (gate)
        {
            stopping = true;
            ended = [.. active];
            step.Cancel();
            stop.Cancel();
            Monitor.PulseAll(gate);
        }

        foreach (EngineSequence sequence in ended) sequence.Stream.Fail(new ObjectDisposedException(nameof(GenerationEngine)));
        thread.Join();
        step.Dispose();
        stop.Dispose();
    }

    private void Run()
    {
        try
        {
            while (TakeIn())
            {
                scheduler.RemoveAbandoned(abandonedOne);
                FailWhereChanged();
                drafts?.Guess(scheduler.Running, stop.Token);
                scheduler.Plan(batch, admitted);
                Volatile.Write(ref runningCount, scheduler.Running.Count);
                if (batch.SequenceCount > 0) Step();
                else if (scheduler.Running.Count > 0) FailForMemory();
                Count();
                AllocatedBytes = GC.GetAllocatedBytesForCurrentThread();
            }

            EndAll(new ObjectDisposedException(nameof(GenerationEngine)));
            ClearCaches();
            Count();
        }
#pragma warning disable CA1031 // Whoever waits must learn of it, whatever it is.
        catch (Exception e)
#pragma warning restore CA1031
        {
            options.Logger?.LogError(e, "The generation engine stopped with a fault.");
            EngineSequence[] ended;
            lock (gate)
            {
                broken = e;
                clears = false;
                Volatile.Write(ref waitingCount, 0);
                ended = [.. active];
                active.Clear();
                Monitor.PulseAll(gate);
            }

            // The cache's state is not known; the store's own end frees its memory. Nobody runs or waits any more, and what is held serves nobody.
            Tell(0, 0, 0);
            foreach (EngineSequence sequence in ended) sequence.Stream.Fail(e);
        }
    }

    /// <summary>Brings the figures up to date.</summary>
    private void Count()
    {
        lock (gate) Volatile.Write(ref waitingCount, scheduler.WaitingCount + inbox.Count);
        shortage.Saw(cache.CommittedBytes);
        Tell(scheduler.Running.Count, waitingCount, cache.CommittedBytes + (drafts?.Cache.CommittedBytes ?? 0));
    }

    private void Tell(int running, int waiting, long bytes)
    {
        Volatile.Write(ref runningCount, running);
        GenerationMeter.Changed(running - told.Running, waiting - told.Waiting, bytes - told.Bytes);
        told = (running, waiting, bytes);
    }

    private void EndAll(Exception exception)
    {
        lock (gate)
        {
            foreach (EngineSequence sequence in inbox) scheduler.Add(sequence);
            inbox.Clear();
        }

        scheduler.RemoveAll(sequence => End(sequence, exception));
    }

    /// <summary>Takes in what has come; parks while there is nothing to do.</summary>
    private bool TakeIn()
    {
        bool clear;
        lock (gate)
        {
            while (inbox.Count == 0 && !scheduler.HasWork && !stopping && !clears)
            {
                cache.Trim();
                drafts?.Cache.Trim();
                RestoreBudgets();
                Monitor.Wait(gate);
            }

            if (stopping) return false;
            (inbox, taken) = (taken, inbox);
            clear = clears;
        }

        RestoreBudgets();
        foreach (EngineSequence sequence in taken) scheduler.Add(sequence);
        taken.Clear();
        if (!clear) return true;
        ClearCaches();
        runner.ForgetWeights();
        lock (gate)
        {
            clears = false;
            Monitor.PulseAll(gate);
        }

        return true;
    }

    /// <summary>Comes back to the memory that was planned, where the machine had less for a while: once nobody runs, else from time to time, as each try may cost a failed one.</summary>
    private void RestoreBudgets()
    {
        if (!cache.IsShort && drafts is not { IsShort: true })
        {
            shortSince = null;
            return;
        }

        long began = shortSince ??= options.TimeProvider.GetTimestamp();
        if (scheduler.Running.Count > 0 && options.TimeProvider.GetElapsedTime(began) < TimeOfShortage) return;
        shortSince = null;
        cache.RestoreBudget();
        drafts?.Restore();
    }

    private void ClearCaches()
    {
        cache.Clear(scheduler.Running);
        cache.Trim();
        drafts?.Clear(scheduler.Running);
    }

    private void Step()
    {
        if (!BeginStep()) return;
        CancellationToken cancellation = step.Token;
        bool entered = false;
        try
        {
            model.Gate?.Enter(cancellation);
            entered = true;
            runner.Run(batch, cancellation);
            // Nothing is drawn of a step that the change fell into.
            model.CheckUnchanged();
            Counters.Steps++;
            Counters.ComputedTokens += batch.TokenCount;
            foreach (EngineSequence sequence in scheduler.Planned) TryFinish(sequence);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Those who have gone are taken out before the next step. What the others had of this one is computed again.
        }
#pragma warning disable CA1031 // A fault of the model is told to whom it concerns; others go on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            options.Logger?.LogError(e, "A step of {Sequences} sequences failed.", batch.SequenceCount);
            foreach (EngineSequence sequence in scheduler.Planned) Fail(sequence, e);
        }
        finally
        {
            if (entered) model.Gate?.Leave();
            EndStep();
        }
    }

    private bool BeginStep()
    {
        lock (gate)
        {
            if (stopping) return false;
            if (!step.TryReset())
            {
                step.Dispose();
                step = new CancellationTokenSource();
            }

            (holders, heldWork, wholeWork) = (0, 0, 0);
            (mayLoseStep, lostStep) = (!lostStep, false);
            foreach (EngineSequence sequence in scheduler.Planned)
            {
                wholeWork += sequence.StepWork;
                sequence.HoldsStep = !sequence.Stream.IsAbandoned;
                if (!sequence.HoldsStep) continue;
                holders++;
                heldWork += sequence.StepWork;
            }

            return holders > 0;
        }
    }

    private void EndStep()
    {
        lock (gate)
        {
            foreach (EngineSequence sequence in scheduler.Planned) sequence.HoldsStep = false;
            holders = 0;
        }
    }
}
