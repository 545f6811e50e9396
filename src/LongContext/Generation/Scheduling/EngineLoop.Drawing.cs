using LongContext.Generation.Sampling;
using Microsoft.Extensions.Logging;

namespace LongContext.Generation.Scheduling;

/// <summary>What becomes of a step's scores: tokens, and keys that later requests may find.</summary>
internal sealed partial class EngineLoop
{
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
}
