using LongContext.Data;
using LongContext.Generation;
using LongContext.Generation.Running;
using LongContext.Models;
using LongContext.Positions;

namespace LongContext.Tests.Generation.Running;

/// <summary>The least that a scheduler does: pages in random order, windows forgotten and poisoned, greedy choices.</summary>
internal sealed class StepDriver : IDisposable
{
    private readonly StepBatch batch;
    private readonly List<int>[] free;
    private readonly byte[][] poison;
    private SplitMix64 random;

    public StepDriver(IModelRunner runner, ulong seed = 1, int pageNumbers = 64)
    {
        (Runner, random) = (runner, new SplitMix64(seed));
        batch = new StepBatch(runner.MaximumTokens, 16);
        free = [.. runner.Pages.Groups.Select(_ => Enumerable.Range(0, pageNumbers).ToList())];
        poison = [.. runner.Pages.Groups.Select(group => Enumerable.Repeat((byte)0xFF, (int)group.PageBytes).ToArray())];
    }

    public IModelRunner Runner { get; }

    private int GroupCount => Runner.Pages.Groups.Count;

    public DrivenSequence Start(ReadOnlySpan<int> prompt, PositionRemapping? remapping = null, AttentionSinks? sinks = null, PromptChoice? choice = null) =>
        new(new SequencePages(GroupCount), prompt, remapping, sinks) { Choice = choice };

    /// <summary>One step of some sequences, each with its next tokens; the logits of all that are wanted, by sequence and row.</summary>
    public float[][][] Step(params (DrivenSequence Sequence, int Tokens, int Logits)[] parts)
    {
        batch.Clear();
        var firsts = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            (DrivenSequence sequence, int count, int wanted) = parts[i];
            Reserve(sequence, sequence.Cached + count);
            firsts[i] = batch.Add(
                new StepSequence { CachedTokens = sequence.Cached, FrequencyLength = Math.Max(sequence.FrequencyLength, sequence.Cached + count), LogitCount = wanted, Pages = sequence.Pages, Remapping = sequence.Remapping, Sinks = sequence.Sinks, Dropped = sequence.Dropped, Choice = Chooses(sequence, count) ? sequence.Choice : null },
                sequence.Tokens.Skip(sequence.Cached).Take(count).ToArray());
        }

        Runner.Run(batch, TestContext.Current.CancellationToken);
        for (int i = 0; i < parts.Length; i++)
        {
            bool chooses = Chooses(parts[i].Sequence, parts[i].Tokens);
            parts[i].Sequence.Cached += parts[i].Tokens;
            if (chooses) Select(parts[i].Sequence);
            Forget(parts[i].Sequence);
        }

        return [.. parts.Select((part, i) => Enumerable.Range(firsts[i], part.Logits).Select(row => Runner.Logits(row).ToArray()).ToArray())];
    }

    /// <summary>Runs what a sequence has, a chunk at a time; the last token's logits.</summary>
    public float[] Prefill(DrivenSequence sequence, int chunk, params DrivenSequence[] strangers)
    {
        float[] last = [];
        while (sequence.Cached < sequence.Tokens.Count)
        {
            int count = Math.Min(chunk, sequence.Tokens.Count - sequence.Cached);
            bool ends = sequence.Cached + count == sequence.Tokens.Count;
            float[][] own = Beside(sequence, count, ends ? 1 : 0, strangers);
            if (ends) last = own[0];
        }

        return last;
    }

    /// <summary>Logits of every token of a sequence.</summary>
    public float[] All(int[] tokens, int chunk, PositionRemapping? remapping = null, params DrivenSequence[] strangers) => All(Start(tokens, remapping), chunk, strangers);

    /// <summary>The same of a sequence that has just begun.</summary>
    public float[] All(DrivenSequence sequence, int chunk, params DrivenSequence[] strangers)
    {
        int[] tokens = [.. sequence.Tokens];
        var all = new List<float>();
        while (sequence.Cached < tokens.Length)
        {
            int count = Math.Min(chunk, tokens.Length - sequence.Cached);
            foreach (float[] row in Beside(sequence, count, count, strangers)) all.AddRange(row);
        }

        Release(sequence);
        return [.. all];
    }

    /// <summary>Greedy tokens after a prompt, as transformers makes them: where a family's cache ends, it is dropped or made anew.</summary>
    public int[] Greedy(CausalLanguageModel model, int[] prompt, int count, int chunk, params DrivenSequence[] strangers)
    {
        DrivenSequence sequence = Start(prompt);
        float[] logits = Prefill(sequence, chunk, strangers);
        var made = new List<int>();
        while (true)
        {
            int token = Array.IndexOf(logits, logits.Max());
            made.Add(token);
            if (made.Count == count) break;
            sequence.Tokens.Add(token);
            sequence.FrequencyLength = 0;
            int total = prompt.Length + made.Count;
            if (model.CacheEndsAt is { } end && sequence.Cached <= end && total > end)
            {
                // As transformers (and TextGenerator's DropsContextAtOriginalWindow): from here on at every token.
                Release(sequence);
                sequence.Tokens.RemoveRange(0, sequence.Tokens.Count - 1);
                sequence.FrequencyLength = total;
            }

            logits = Beside(sequence, 1, 1, strangers)[0];
        }

        Release(sequence);
        return [.. made];
    }

    /// <summary>Frees a sequence's pages.</summary>
    public void Release(DrivenSequence sequence)
    {
        for (int group = 0; group < GroupCount; group++)
        {
            foreach (int page in sequence.Pages.Of(group))
            {
                if (page >= 0) Drop(group, page);
            }

            sequence.Pages.Truncate(group, 0);
        }

        (sequence.Cached, sequence.Dropped) = (0, 0);
    }

    private static bool Chooses(DrivenSequence sequence, int count) => sequence.Choice is { } choice && sequence.Dropped == 0 && sequence.Cached + count == choice.PromptLength;

    /// <summary>Puts what was chosen into fresh pages, and poisons the rest.</summary>
    private void Select(DrivenSequence sequence)
    {
        PromptChoice choice = sequence.Choice!;
        sequence.Dropped = choice.PromptLength - choice.Count;
        if (Runner.Pages.Groups[0].Window is not null) return;
        int[] before = sequence.Pages.Of(0).ToArray();
        sequence.Pages.Truncate(0, 0);
        Reserve(sequence, choice.PromptLength);
        Runner.Pages.Select(0, before, sequence.Pages.Of(0), choice);
        foreach (int page in before) Drop(0, page);
    }

    public void Dispose() => Runner.Dispose();

    /// <summary>A step of a sequence among strangers that go on by random counts, and begin anew when they end.</summary>
    private float[][] Beside(DrivenSequence sequence, int count, int wanted, DrivenSequence[] strangers)
    {
        int left = Runner.MaximumTokens - count;
        var parts = new List<(DrivenSequence, int, int)>();
        int place = strangers.Length == 0 ? 0 : Next(strangers.Length + 1);
        foreach (DrivenSequence stranger in strangers)
        {
            if (stranger.Cached == stranger.Tokens.Count) Release(stranger);
            int its = Math.Min(Math.Min(1 + Next(9), left), stranger.Tokens.Count - stranger.Cached);
            if (its <= 0) continue;
            left -= its;
            parts.Add((stranger, its, Next(its + 1)));
        }

        place = Math.Min(place, parts.Count);
        parts.Insert(place, (sequence, count, wanted));
        return Step([.. parts])[place];
    }

    private void Reserve(DrivenSequence sequence, int tokens)
    {
        for (int group = 0; group < GroupCount; group++)
        {
            while (sequence.Pages.Of(group).Length * Runner.Pages.PageTokens < tokens - (Runner.Pages.Groups[group].Window is null ? sequence.Dropped : 0))
            {
                int at = Next(free[group].Count), page = free[group][at];
                free[group].RemoveAt(at);
                Runner.Pages.Commit(group, page);
                // Whatever is read before it is written shows.
                Runner.Pages.Load(group, page, poison[group]);
                sequence.Pages.Add(group, page);
            }
        }
    }

    private void Forget(DrivenSequence sequence)
    {
        for (int group = 0; group < GroupCount; group++)
        {
            int kept = 0;
            if (Runner.Pages.Groups[group].Window is not { } window)
            {
                if (sequence.Sinks is not { } sinks) continue;
                (window, kept) = (sinks.Window, (sinks.Sinks + Runner.Pages.PageTokens - 1) / Runner.Pages.PageTokens);
            }

            for (int index = kept; (index + 1) * Runner.Pages.PageTokens <= sequence.Cached - window + 1; index++)
            {
                int page = sequence.Pages.Of(group)[index];
                if (page < 0) continue;
                Drop(group, page);
                sequence.Pages.Set(group, index, -1);
            }
        }
    }

    private void Drop(int group, int page)
    {
        Runner.Pages.Load(group, page, poison[group]);
        Runner.Pages.Decommit(group, page);
        free[group].Add(page);
    }

    private int Next(int below) => random.NextInt(below);
}
