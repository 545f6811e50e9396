using LongContext.Generation.Running;
using LongContext.Generation.Sampling;
using Microsoft.Extensions.Logging;

namespace LongContext.Generation.Scheduling;

/// <summary>
/// Guesses the next tokens of running sequences with a small model, all of them together, step by step; its keys and values have a cache of their own. Used by the engine's thread alone.
/// </summary>
/// <remarks>
/// A sequence whose draft has no room beside the others' waits until there is some, and one whose memory ran out also for a number of tokens that doubles each time: else texts would be computed again and again for
/// nothing. Where the draft's vocabulary is smaller, the tokens beyond it have probability 0; a text that has one of them is not guessed. Where it is larger, its own are left out. Either way a guess is drawn from a
/// distribution over the model's vocabulary, which is all that the check asks for.
/// Leviathan et al. 2023 (arXiv:2211.17192), Chen et al. 2023 (arXiv:2302.01318). A guess is drawn as the sequence's own tokens are: with its temperature, filters, penalties and grammar. Nothing here can make an answer
/// wrong: where the draft has no memory or fails, there are no guesses.
/// </remarks>
/// <param name="model">The small model.</param>
/// <param name="runner">Runs it.</param>
/// <param name="cache">Its pages.</param>
/// <param name="vocabularySize">Tokens of the model that guesses are for.</param>
/// <param name="stepTokens">Tokens of a step, at most.</param>
/// <param name="maximumSequences">Sequences of a step, at most.</param>
/// <param name="scoreRows">Rows of scores that a step of the model has room for; no more guesses are made, since no more could be checked, and so many have probabilities in memory at most.</param>
/// <param name="logger">Told of faults.</param>
internal sealed class DraftGuesser(EngineModel model, IModelRunner runner, PagedCache cache, int vocabularySize, int stepTokens, int maximumSequences, int scoreRows, ILogger? logger) : IDisposable
{
    /// <summary>Tokens that are never too much for a step.</summary>
    private const int FewestTokens = 16;

    private readonly StepBatch batch = new(Math.Min(stepTokens, runner.MaximumTokens), Math.Min(maximumSequences, runner.MaximumTokens));
    private readonly List<EngineSequence> guessing = [];
    private readonly List<EngineSequence> inStep = [];
    private readonly List<float[]> drawn = [];
    private readonly double stepWork = model.Work?.Limit(stepTokens) ?? double.PositiveInfinity;
    private float[] scores = [];
    private long reserved;
    private int rowsLeft, drawnCount;
    private bool failed, isBroken;

    public PagedCache Cache => cache;

    /// <summary>Whether it has less memory than was planned, or none to compute with, as it was found out.</summary>
    public bool IsShort => cache.IsShort || (failed && !isBroken);

    /// <summary>Steps of the draft model.</summary>
    public long Steps { get; private set; }

    /// <summary>Brings the draft up to the sequences' texts, as far as a step reaches, and puts guesses behind those whose next token is due.</summary>
    /// <param name="running">The sequences.</param>
    /// <param name="cancellationToken">Ends it; then there are no guesses, and nothing of the sequences is left.</param>
    public void Guess(IReadOnlyList<EngineSequence> running, CancellationToken cancellationToken)
    {
        guessing.Clear();
        (reserved, rowsLeft, drawnCount) = (0, Math.Max(0, scoreRows - running.Count), 0);
        bool isWhole = false;
        for (int i = 0; i < running.Count; i++) Prepare(running[i]);
        if (failed || guessing.Count == 0) return;
        // Whoever else computes with the draft model may do so for long, and nobody's answer waits for guesses.
        if (model.Gate is { } gate && !gate.TryEnter()) return;
        try
        {
            CatchUp();
            while (inStep.Count > 0)
            {
                runner.Run(batch, cancellationToken);
                Steps++;
                for (int i = 0; i < inStep.Count; i++) Take(inStep[i]);
                GoOn();
            }

            isWhole = true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Pages of this step were not filled.
        }
#pragma warning disable CA1031 // Answers need no guesses.
        catch (Exception e)
#pragma warning restore CA1031
        {
            (failed, isBroken) = (true, e is not OutOfMemoryException);
            logger?.LogError(e, "The draft model failed; there are no more guesses of it{Until}.", isBroken ? "" : " for the time being");
        }
        finally
        {
            model.Gate?.Leave();
            for (int i = 0; i < guessing.Count; i++) End(guessing[i]);
        }

        if (!isWhole) GiveBack(running);
    }

    /// <summary>Comes back to the memory that was planned, and tries again where there was none to compute with.</summary>
    public void Restore()
    {
        failed = isBroken;
        cache.RestoreBudget();
    }

    /// <summary>Learns what became of a sequence's guesses.</summary>
    public static void Note(EngineSequence sequence, int first, int guessed, int accepted)
    {
        DraftSequence draft = sequence.Draft!;
        draft.Note(guessed, accepted);
        // Behind the guesses that were right it has others' keys.
        draft.Cached = Math.Min(draft.Cached, first + accepted);
    }

    /// <summary>Gives back what the draft has of a sequence.</summary>
    public void Drop(EngineSequence sequence)
    {
        if (sequence.Draft is { } draft)
        {
            cache.Drop(draft);
            draft.Began = false;
        }

        sequence.PreparedGuesses = -1;
    }

    /// <summary>Forgets which tokens its pages hold, and gives up what is kept for other requests.</summary>
    /// <param name="running">All sequences that a draft may have something of.</param>
    public void Clear(IReadOnlyList<EngineSequence> running)
    {
        cache.Clear(running.Select(sequence => sequence.Draft).OfType<CachedSequence>());
        cache.Trim();
        runner.ForgetWeights();
    }

    /// <inheritdoc />
    public void Dispose() => runner.Dispose();

    /// <summary>Gives back all memory of pages.</summary>
    private void GiveBack(IReadOnlyList<EngineSequence> running)
    {
        for (int i = 0; i < running.Count; i++) Drop(running[i]);
        Clear([]);
    }

    private void Prepare(EngineSequence sequence)
    {
        sequence.PreparedGuesses = -1;
        if (sequence.Options.Speculation is not { UsesDraftModel: true } options || sequence.Stream.IsAbandoned) return;
        if (failed)
        {
            Drop(sequence);
            return;
        }

        if (!Reads(sequence))
        {
            Drop(sequence);
            sequence.Draft = null;
            return;
        }

        // What can never fit would be computed again and again for nothing.
        if (cache.Needs.Bytes((long)sequence.Count + options.MaximumDraftTokens, (int)Math.Min(batch.MaximumTokens, (long)sequence.Count)) > cache.BudgetBytes)
        {
            Drop(sequence);
            sequence.Draft = null;
            return;
        }

        DraftSequence draft = sequence.Draft ??= new DraftSequence(sequence, runner.Pages);
        if (sequence.Count < draft.WaitsUntil) return;
        (draft.Guessed, draft.Wanted) = (0, 0);
        draft.Drawn.Clear();
        draft.Cached = Math.Min(draft.Cached, sequence.Count - 1);
        cache.Truncate(draft, draft.Cached);
        // Only here all that is cached is the text's, and stays it.
        cache.Publish(draft);
        cache.Forget(draft);
        if (sequence.Decodes)
        {
            int found = sequence.LookUp(int.MaxValue);
            if (found > 0)
            {
                sequence.PreparedGuesses = found;
                sequence.StepDrafted = false;
                return;
            }

            draft.Wanted = sequence.Sampler.MayGuess ? sequence.GuessRoom(Math.Min(rowsLeft, Math.Min(options.MaximumDraftTokens, draft.Length))) : 0;
            rowsLeft -= draft.Wanted;
            sequence.EnsureRoom(draft.Wanted);
            sequence.PreparedGuesses = 0;
        }

        if (draft.Began) reserved += Math.Max(0, Needed(draft) - cache.Needs.Bytes(cache.Placed(draft)));
        guessing.Add(sequence);
    }

    /// <summary>Whether all tokens of a text are in the draft's vocabulary.</summary>
    private bool Reads(EngineSequence sequence)
    {
        if (runner.VocabularySize >= vocabularySize) return true;
        ReadOnlySpan<int> more = sequence.Tokens.AsSpan(sequence.DraftReads, sequence.Count - sequence.DraftReads);
        int unknown = more.IndexOfAnyInRange(runner.VocabularySize, int.MaxValue);
        sequence.DraftReads += unknown < 0 ? more.Length : unknown;
        return unknown < 0;
    }

    private long Needed(DraftSequence draft) => cache.Needs.Bytes((long)draft.Count + draft.Most, (int)Math.Min(batch.MaximumTokens, (long)draft.Count));

    /// <summary>Whether a draft that has nothing yet has room beside those that were begun, as far as these will need it.</summary>
    private bool TryBegin(DraftSequence draft, int there)
    {
        if (draft.Began) return true;
        long needed = Needed(draft) - cache.Needs.Bytes(there);
        if (needed > cache.BudgetBytes - cache.UsedBytes - reserved) return false;
        reserved += needed;
        return draft.Began = true;
    }

    private void CatchUp()
    {
        batch.Clear();
        inStep.Clear();
        double left = stepWork;
        bool isFirst = true;
        for (int i = 0; i < guessing.Count && batch.SequenceCount < batch.MaximumSequences; i++)
        {
            EngineSequence sequence = guessing[i];
            DraftSequence draft = sequence.Draft!;
            int there = cache.Match(draft, out _);
            if (!TryBegin(draft, there)) continue;
            if (there > draft.Cached) cache.Adopt(draft, there);
            int pending = sequence.Count - draft.Cached, count = Math.Min(pending, batch.MaximumTokens - batch.TokenCount);
            if (pending == 1 && draft.Wanted == 0) continue;
            // A text that goes through in chunks leaves others their one token.
            if (count < pending) count = Math.Min(count, batch.MaximumTokens - batch.TokenCount - (guessing.Count - i - 1));
            if (count > FewestTokens && model.Work is { } work)
            {
                // Far on in a long text a chunk takes long, and nobody's next token comes meanwhile. The first text always goes on.
                int within = work.Within(draft.Cached, count, left);
                (count, isFirst) = (isFirst ? Math.Max(within, FewestTokens) : within, false);
                if (count > 0) left -= work.Of(draft.Cached, count);
            }

            Put(sequence, count, draft.Wanted > 0 && count == pending);
        }
    }

    private void GoOn()
    {
        int count = 0;
        batch.Clear();
        for (int i = 0; i < inStep.Count; i++)
        {
            if (inStep[i].Draft!.Guessed < inStep[i].Draft!.Wanted) inStep[count++] = inStep[i];
        }

        int before = count;
        inStep.RemoveRange(before, inStep.Count - before);
        for (int i = 0; i < before; i++) Put(inStep[i], 1, wantsLogits: true);
        inStep.RemoveRange(0, before);
    }

    /// <summary>Adds a sequence's next tokens to the step, if there is memory for them.</summary>
    private void Put(EngineSequence sequence, int count, bool wantsLogits)
    {
        DraftSequence draft = sequence.Draft!;
        if (count < 1) return;
        int room = Math.Min(count, cache.Grow(draft, draft.Cached + count) - draft.Cached);
        if (room < count)
        {
            if (draft.Guessed > 0) return;
            cache.Drop(draft);
            draft.RanOut();
            return;
        }

        var step = new StepSequence
        {
            CachedTokens = draft.Cached,
            FrequencyLength = draft.Cached + count,
            LogitCount = wantsLogits ? 1 : 0,
            // What is drawn needs its probabilities, and of a larger vocabulary the first candidates may be tokens that the model does not know.
            Need = sequence.Options.Temperature == 0 && runner.VocabularySize <= vocabularySize ? sequence.Sampler.Need : RowNeed.Whole,
            Pages = draft.Pages,
        };
        int row = batch.Add(step, sequence.Tokens.AsSpan(draft.Cached, count));
        draft.Row = wantsLogits ? row : -1;
        draft.Cached += count;
        inStep.Add(sequence);
    }

    private void Take(EngineSequence sequence)
    {
        DraftSequence draft = sequence.Draft!;
        if (draft.Row < 0) return;
        int token;
        try
        {
            if (runner.TryCandidates(draft.Row, out TokenCandidates candidates) && sequence.Sampler.TryGuess(candidates, out token))
            {
                Keep(sequence, token);
                return;
            }

            Span<float> logits = InVocabulary(runner.Logits(draft.Row));
            if (sequence.Options.Temperature == 0)
            {
                token = sequence.Sampler.Guess(logits, default);
            }
            else
            {
                if (drawnCount == drawn.Count) drawn.Add(new float[vocabularySize]);
                token = sequence.Sampler.Guess(logits, drawn[drawnCount]);
                draft.Drawn.Add(drawn[drawnCount++]);
            }
        }
#pragma warning disable CA1031 // Whatever is wrong with one sequence's scores or choice is no matter of the others.
        catch (Exception)
#pragma warning restore CA1031
        {
            // Its scores are not numbers, or leave nothing that may come: the sequence's own may.
            draft.Wanted = draft.Guessed;
            return;
        }

        Keep(sequence, token);
    }

    private static void Keep(EngineSequence sequence, int token)
    {
        DraftSequence draft = sequence.Draft!;
        sequence.Tokens[sequence.Count + draft.Guessed++] = token;
        if (sequence.IsStop(token) || sequence.MustEnd) draft.Wanted = draft.Guessed;
    }

    /// <summary>The draft's scores of the model's tokens: those that it does not know cannot come.</summary>
    private Span<float> InVocabulary(Span<float> own)
    {
        if (own.Length >= vocabularySize) return own[..vocabularySize];
        if (scores.Length < vocabularySize) scores = new float[vocabularySize];
        own.CopyTo(scores);
        scores.AsSpan(own.Length).Fill(float.NegativeInfinity);
        return scores;
    }

    private static void End(EngineSequence sequence)
    {
        int guessed = sequence.Draft!.Guessed;
        if (guessed == 0) return;
        sequence.Sampler.Retract();
        sequence.PreparedGuesses = guessed;
        sequence.StepDrafted = true;
    }
}
