using System.Runtime.InteropServices;
using LongContext.Generation.Running;

namespace LongContext.Tests.Generation.Scheduling;

/// <summary>
/// A model whose keys and values are hashes: that of a token holds its id, its position, its frequencies, and all that it sees, so that a wrong page, a missing or stale token, or one at a wrong place
/// changes every score after it. Scores prefer a token that stood some tokens before, so that texts repeat themselves now and then.
/// </summary>
internal sealed class OracleRunner(OraclePages pages, int vocabulary = 40, int maximumTokens = 64) : IModelRunner
{
    private readonly float[] logits = new float[vocabulary * maximumTokens];

    public string Name => "oracle";

    public int VocabularySize => vocabulary;

    public int MaximumTokens => maximumTokens;

    public IPageStore Pages => pages;

    public bool SupportsRemapping { get; init; } = true;

    public bool IsDisposed { get; private set; }

    /// <summary>Called before each step.</summary>
    public Action<StepBatch, CancellationToken>? Before { get; set; }

    /// <summary>Tokens of the steps so far.</summary>
    public long Tokens { get; private set; }

    public int LargestBatch { get; private set; }

    /// <summary>What the frequencies of a length are.</summary>
    public Func<int, int> Frequencies { get; init; } = _ => 0;

    /// <summary>Whether scores after a token are not numbers.</summary>
    public Func<int, bool> IsNaN { get; init; } = _ => false;

    public void Run(StepBatch batch, CancellationToken cancellationToken)
    {
        Before?.Invoke(batch, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        Tokens += batch.TokenCount;
        LargestBatch = Math.Max(LargestBatch, batch.SequenceCount);
        int row = 0;
        foreach (ref readonly StepSequence sequence in batch.Sequences)
        {
            Check(sequence);
            for (int i = 0; i < sequence.TokenCount; i++)
            {
                int position = sequence.CachedTokens + i, token = batch.Tokens[sequence.TokenStart + i];
                ulong seed = Mix((ulong)token, (ulong)position, (ulong)Frequencies(sequence.FrequencyLength), (ulong)(sequence.Remapping?.GetHashCode() ?? 0));
                ulong state = seed;
                for (int group = 0; group < pages.Groups.Count; group++)
                {
                    ulong seen = See(sequence, group, position);
                    state = Mix(state, seen, (ulong)group, 0);
                }

                for (int group = 0; group < pages.Groups.Count; group++)
                {
                    int slot = position - DroppedOf(sequence, group), page = sequence.Pages.Of(group)[slot / pages.PageTokens];
                    Assert.True(page >= 0, "a new token has no page");
                    pages.Write(group, page, slot % pages.PageTokens, new Slot(token, position, state));
                }

                if (i >= sequence.TokenCount - sequence.LogitCount) Score(state, token, logits.AsSpan(row++ * vocabulary, vocabulary));
            }

            if (sequence.Choice is { } choice) Choose(sequence, choice);
        }
    }

    public Span<float> Logits(int row) => logits.AsSpan(row * vocabulary, vocabulary);

    public void Dispose()
    {
        Assert.False(IsDisposed);
        IsDisposed = true;
        pages.Dispose();
    }

    private static void Check(in StepSequence sequence)
    {
        Assert.True(sequence.FrequencyLength >= sequence.CachedTokens + sequence.TokenCount);
        Assert.True(sequence.TokenCount > 0);
    }

    /// <summary>A hash of all that a token sees in a group's pages.</summary>
    private ulong See(in StepSequence sequence, int group, int position)
    {
        int first = pages.Groups[group].Window is { } window ? Math.Max(0, position - window + 1) : 0, sinks = 0;
        if (pages.Groups[group].Window is null && sequence.Sinks is { } far) (first, sinks) = (Math.Max(0, position - far.Window + 1), far.Sinks);
        ReadOnlySpan<int> own = sequence.Pages.Of(group);
        ulong hash = 17;
        if (DroppedOf(sequence, group) > 0)
        {
            int before = -1;
            for (int at = 0; at < position - sequence.Dropped; at++)
            {
                Slot slot = pages.Read(group, own[at / pages.PageTokens], at % pages.PageTokens);
                // What was kept is in order, and behind it nothing is missing.
                Assert.True(slot.Position > before && slot.Position <= at + sequence.Dropped && slot.Position < position);
                before = slot.Position;
                hash = Mix(hash, slot.State, (ulong)slot.Token, 1);
            }

            Assert.Equal(position - 1, before);
            return hash;
        }

        for (int at = sinks > 0 ? 0 : first; at < position; at++)
        {
            if (at >= sinks && at < first) continue;
            int page = own[at / pages.PageTokens];
            Assert.True(page >= 0, $"position {at} is seen from {position} but was forgotten");
            Slot slot = pages.Read(group, page, at % pages.PageTokens);
            Assert.Equal(at, slot.Position);
            hash = Mix(hash, slot.State, (ulong)slot.Token, 1);
        }

        return hash;
    }

    private int DroppedOf(in StepSequence sequence, int group) => pages.Groups[group].Window is null ? sequence.Dropped : 0;

    /// <summary>Votes that are hashes of what a prompt's tokens left, so that a choice from other tokens would be another one.</summary>
    private void Choose(in StepSequence sequence, PromptChoice choice)
    {
        Assert.Equal(choice.PromptLength, sequence.CachedTokens + sequence.TokenCount);
        Assert.True(sequence.TokenCount >= choice.ObservedTokens && sequence.LogitCount >= choice.ObservedTokens);
        if (pages.Groups[0].Window is not null) return;
        var votes = new float[choice.PromptLength - choice.ObservedTokens];
        for (int i = 0; i < votes.Length; i++) votes[i] = (Mix(pages.Read(0, sequence.Pages.Of(0)[i / pages.PageTokens], i % pages.PageTokens).State, 3, 4, 5) >> 40) / (float)(1 << 24);
        choice.Choose(0, 0, votes);
    }

    private void Score(ulong state, int token, Span<float> row)
    {
        for (int i = 0; i < row.Length; i++) row[i] = (float)((Mix(state, (ulong)i, 5, 7) >> 40) * (4.0 / (1 << 24)));
        // Three times of four a fixed successor, so that texts have habits which a look-up can guess.
        if (state % 4 != 0) row[((token * 7) + 3) % 11 % row.Length] += 6;
        if (IsNaN(token)) row[row.Length / 2] = float.NaN;
    }

    private static ulong Mix(ulong a, ulong b, ulong c, ulong d)
    {
        ulong x = a * 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 29) ^ b) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 32) ^ c) * 0x94D049BB133111EB;
        x = (x ^ (x >> 30) ^ d) * 0x9E3779B97F4A7C15;
        return x ^ (x >> 31);
    }
}

/// <summary>What a token leaves in the cache.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct Slot(int Token, int Position, ulong State);
