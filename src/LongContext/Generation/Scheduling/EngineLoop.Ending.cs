namespace LongContext.Generation.Scheduling;

/// <summary>How requests end, and how they are counted then.</summary>
internal sealed partial class EngineLoop
{
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

    /// <summary>Ends all sequences where the model is no longer what their keys and values were computed with.</summary>
    private void FailWhereChanged()
    {
        try
        {
            model.CheckUnchanged();
        }
        catch (InvalidOperationException e)
        {
            // One that was disposed, too.
            EndAll(e);
        }
    }

    /// <summary>Ends the first sequence, for which no page can be had, and those that wait and whose texts would come to the same end.</summary>
    private void FailForMemory()
    {
        long held = cache.CommittedBytes;
        shortage.Note(held);
        Fail(scheduler.Running[0], new CacheCapacityException($"There is no memory for another page of the cache: it holds {held} bytes and cannot grow."));
        scheduler.RemoveLarger(held, sequence => End(sequence, new CacheCapacityException($"There is no memory for the prompt's keys and values: they have come to {held} bytes and could not grow.")));
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
            alternatives -= sequence.Alternatives;
        }

        Counters.ReusedTokens += sequence.ReusedTokens;
        return true;
    }
}
