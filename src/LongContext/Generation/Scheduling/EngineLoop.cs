using LongContext.Generation.Running;
using LongContext.Generation.Sampling;
using Microsoft.Extensions.Logging;

namespace LongContext.Generation.Scheduling;

/// <summary>The engine's thread: takes requests in, runs step after step, and gives tokens out.</summary>
internal sealed class EngineLoop : IDisposable
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
    private readonly Thread thread;
    private readonly HashSet<EngineSequence> active = [];
    private readonly Action<EngineSequence> admitted, abandonedOne;
    private List<EngineSequence> inbox = [], taken = [];
    private readonly CancellationTokenSource stop = new();
    private CancellationTokenSource step = new();
    private long arrivals;
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
            sequence.Arrival = ++arrivals;
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
                drafts?.Guess(scheduler.Running, stop.Token);
                scheduler.Plan(batch, admitted);
                Volatile.Write(ref runningCount, scheduler.Running.Count);
                if (batch.SequenceCount > 0) Step();
                else if (scheduler.Running.Count > 0) Fail(scheduler.Running[0], new CacheCapacityException($"There is no memory for another page of the cache: it holds {cache.CommittedBytes} bytes and cannot grow."));
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

    private void TryFinish(EngineSequence sequence)
    {
        try
        {
            Finish(sequence);
        }
#pragma warning disable CA1031 // A fault of one sequence's scores, choice or pages is its own.
        catch (Exception e)
#pragma warning restore CA1031
        {
            options.Logger?.LogError(e, "A sequence failed behind a step.");
            Fail(sequence, e);
        }
    }

    /// <summary>Draws a sequence's next tokens from the step's scores, and counts its tokens as cached.</summary>
    private void Finish(EngineSequence sequence)
    {
        for (int i = 0; i < sequence.StepScores; i++) sequence.PromptScores!.Read(runner.Logits(sequence.StepScoresRow + i), Distribution);
        if (sequence.StepRow < 0 || sequence.Options.MaximumNewTokens == 0)
        {
            sequence.Cached += sequence.StepTokens;
            cache.Publish(sequence);
            if (sequence.StepSelects) cache.Select(sequence, sequence.Choice!);
            cache.Forget(sequence);
            if (sequence.StepRow >= 0) Complete(sequence, GenerationFinishReason.Length);
            return;
        }

        GenerationFinishReason? end = Draw(sequence, out bool anew);
        if (!anew)
        {
            cache.Publish(sequence);
            if (sequence.StepSelects) cache.Select(sequence, sequence.Choice!);
            cache.Forget(sequence);
            if (sequence.StepGuesses > 0) cache.Truncate(sequence, sequence.Cached);
        }

        if (end is { } reason) Complete(sequence, reason);
        else if (anew) cache.Drop(sequence);
    }

    private GenerationFinishReason? Draw(EngineSequence sequence, out bool anew)
    {
        int guesses = sequence.StepGuesses, accepted = 0, first = sequence.Count;
        bool draws = sequence.StepDrafted && sequence.Options.Temperature > 0;
        anew = false;
        try
        {
            for (int i = 0; ; i++)
            {
                int token = Choose(sequence, i, draws && i < guesses);
                // All tokens that were there before this one are computed now, whatever it is.
                sequence.Cached = sequence.Count;
                if (sequence.IsStop(token))
                {
                    sequence.StopToken = Detailed(sequence, token);
                    return GenerationFinishReason.Stop;
                }

                bool right = i < guesses && token == sequence.Tokens[sequence.Count];
                anew = sequence.Append(token);
                Counters.GeneratedTokens++;
                sequence.Stream.Write(Detailed(sequence, token));
                if (right) accepted++;
                if (sequence.MustEnd) return GenerationFinishReason.Stop;
                if (sequence.Made == sequence.Options.MaximumNewTokens) return GenerationFinishReason.Length;
                if (!right || anew) return null;
            }
        }
        finally
        {
            if (guesses > 0)
            {
                sequence.GuessedTokens += guesses;
                sequence.AcceptedTokens += accepted;
                Counters.GuessedTokens += guesses;
                Counters.AcceptedTokens += accepted;
                if (sequence.StepDrafted) NoteDraft(sequence, first, guesses, accepted);
                else sequence.Guesses!.Note(guesses, accepted);
            }
        }
    }

    /// <summary>Chooses the next token of a sequence by a row of its step.</summary>
    private int Choose(EngineSequence sequence, int index, bool verifies)
    {
        int row = sequence.StepRow + index;
        if (!verifies) return runner.TryCandidates(row, out TokenCandidates candidates) && sequence.Sampler.TryNext(candidates, out int token) ? token : sequence.Sampler.Next(runner.Logits(row));
        Span<float> logits = runner.Logits(row);
        // Right guesses are in the text already, each in its own place; this one follows them.
        return sequence.Sampler.Verify(logits, sequence.Tokens[sequence.Count], sequence.Draft!.Drawn[index].AsSpan(0, logits.Length));
    }

    private void NoteDraft(EngineSequence sequence, int first, int guesses, int accepted)
    {
        sequence.DraftedTokens += guesses;
        sequence.AcceptedDraftTokens += accepted;
        Counters.DraftedTokens += guesses;
        Counters.AcceptedDraftTokens += accepted;
        DraftGuesser.Note(sequence, first, guesses, accepted);
    }

    private static GeneratedToken Detailed(EngineSequence sequence, int token) => sequence.Options.LogProbabilities is null ? new GeneratedToken(token) : new GeneratedToken(token)
    {
        LogProbability = sequence.Sampler.LogProbability,
        Alternatives = sequence.Sampler.Alternatives.ToArray(),
    };

    private void Complete(EngineSequence sequence, GenerationFinishReason reason)
    {
        GenerationResult result = Result(sequence, reason);
        scheduler.Remove(sequence);
        Forget(sequence);
        CountCompleted(result);
        sequence.Stream.Complete(result);
    }

    private void CountCompleted(GenerationResult result)
    {
        Counters.Completed++;
        GenerationMeter.Completed(result);
    }

    private static GenerationResult Result(EngineSequence sequence, GenerationFinishReason reason)
    {
        (TimeSpan queue, TimeSpan first, TimeSpan total) = sequence.Stream.Times;
        return new GenerationResult
        {
            Tokens = sequence.Tokens.AsSpan(sequence.PromptLength, sequence.Made).ToArray(),
            Details = sequence.Options.LogProbabilities is null ? null : sequence.Stream.ToArray(),
            PromptDetails = sequence.PromptScores?.Tokens,
            StopToken = sequence.StopToken,
            FinishReason = reason,
            PromptTokens = sequence.PromptLength,
            PromptCut = sequence.PromptCut,
            ReusedTokens = sequence.ReusedTokens,
            GuessedTokens = sequence.GuessedTokens,
            AcceptedTokens = sequence.AcceptedTokens,
            DraftedTokens = sequence.DraftedTokens,
            AcceptedDraftTokens = sequence.AcceptedDraftTokens,
            DroppedTokens = sequence.DroppedTokens,
            Preemptions = sequence.Preemptions,
            QueueTime = queue,
            TimeToFirstToken = first,
            Duration = total,
        };
    }

    private void Fail(EngineSequence sequence, Exception exception)
    {
        scheduler.Remove(sequence);
        End(sequence, exception);
    }

    private void End(EngineSequence sequence, Exception exception)
    {
        if (!Forget(sequence))
        {
            // It is counted already; whoever still waits learns of it all the same.
            sequence.Stream.Fail(exception);
            return;
        }

        if (sequence.Stream.IsAbandoned)
        {
            CountAbandoned(sequence);
        }
        else
        {
            Counters.Failed++;
            GenerationMeter.Ended("failed");
        }

        sequence.Stream.Fail(exception);
    }

    private void OnAbandoned(EngineSequence sequence)
    {
        Forget(sequence);
        CountAbandoned(sequence);
    }

    /// <summary>Counts a request that nobody reads on: its reader gave it up, or has all that it wants.</summary>
    private void CountAbandoned(EngineSequence sequence)
    {
        if (sequence.Stream.IsEnough)
        {
            CountCompleted(Result(sequence, GenerationFinishReason.Stop));
            return;
        }

        Counters.Cancelled++;
        GenerationMeter.Ended("cancelled");
    }

    private void OnAdmitted(EngineSequence sequence)
    {
        if (sequence.Began) return;
        sequence.Began = true;
        sequence.Stream.Begin();
        Counters.PromptTokens += sequence.PromptLength;
        lock (gate) notBegun--;
    }

    /// <returns>Whether it was still known.</returns>
    private bool Forget(EngineSequence sequence)
    {
        lock (gate)
        {
            if (!active.Remove(sequence)) return false;
            if (!sequence.Began) notBegun--;
        }

        Counters.ReusedTokens += sequence.ReusedTokens;
        return true;
    }
}
