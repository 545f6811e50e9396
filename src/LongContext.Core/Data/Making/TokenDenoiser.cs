using LongContext.Packing;

namespace LongContext.Data.Making;

/// <summary>
/// Takes pieces of a document away and asks for them: UL2's denoising on tokens, for models whose vocabulary has sentinels. The result is one
/// sequence for a decoder-only model: mode tokens, the document with a sentinel in each gap, then each sentinel with what was in its gap.
/// Only the second half counts.
/// </summary>
/// <remarks>
/// Tay et al., "UL2" (arXiv 2205.05131), gaps drawn as T5 draws them (Raffel et al. 2019). Sequential: mode tokens, the beginning, then the rest,
/// without a sentinel, as T5's prefix language model.
/// </remarks>
public sealed class TokenDenoiser
{
    private readonly TokenDenoiserOptions options;
    private readonly Dictionary<int, int> sentinelNumbers = [];

    /// <summary>Makes a denoiser.</summary>
    /// <param name="options">The sentinels, and what to do.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public TokenDenoiser(TokenDenoiserOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        this.options = options;
        for (int i = 0; i < options.SentinelIds.Count; i++) sentinelNumbers.Add(options.SentinelIds[i], i);
    }

    internal string Identity => Settings.Text(
        "denoise tokens", options.Seed, options.SentinelIds, options.Denoisers, options.ModeTokens.OrderBy(pair => pair.Key).SelectMany(pair => (int[])[(int)pair.Key, .. pair.Value]),
        options.BeginningOfSentence, options.EndOfSentence);

    /// <summary>Whether a document can be denoised: at least 2 tokens, none of them a sentinel.</summary>
    /// <param name="document">The document's tokens.</param>
    public bool CanMake(ReadOnlySpan<int> document) => document.Length >= 2 && FindSentinel(document) < 0;

    /// <summary>Denoises a document.</summary>
    /// <param name="document">The document's tokens, at least 2, without sentinels and without tokens for its beginning and end.</param>
    /// <param name="number">The item's number; with the seed it decides which denoiser and which gaps.</param>
    /// <exception cref="ArgumentException">Fewer than 2 tokens, or a sentinel among them.</exception>
    public TokenSequence Make(ReadOnlySpan<int> document, long number)
    {
        if (document.Length < 2) throw new ArgumentException($"A document of {document.Length} tokens has nothing to take away; expected at least 2.", nameof(document));
        if (FindSentinel(document) is >= 0 and var at)
            throw new ArgumentException($"Token {at} of the document is {document[at]}, one of the sentinels: which gap is meant could not be told.", nameof(document));
        SplitMix64 random = new(options.Seed, number);
        Denoiser denoiser = Denoiser.Draw(options.Denoisers, ref random);
        return denoiser.Mode == DenoisingMode.Sequential
            ? Sequential(document, SpanNoise.Cut(document.Length, denoiser.NoiseRate, ref random))
            : Corrupt(document, denoiser.Mode, SpanNoise.Spans(document.Length, denoiser.MeanSpanLength, denoiser.NoiseRate!.Value, options.SentinelIds.Count, ref random));
    }

    /// <summary>Puts what was taken away back.</summary>
    /// <param name="made">What <see cref="Make"/> of a denoiser with the same options gave.</param>
    /// <returns>The document.</returns>
    /// <exception cref="ArgumentException">It is something else.</exception>
    public int[] Restore(TokenSequence made)
    {
        ArgumentNullException.ThrowIfNull(made);
        int target = made.LossMask.Span.IndexOf(true);
        if (target < 0) throw new ArgumentException("No token of the sequence counts: it was not made by denoising.", nameof(made));
        ReadOnlySpan<int> input = made.Tokens.Span[..target], rest = made.Tokens.Span[target..];
        if (options.BeginningOfSentence is not null) input = input[1..];
        if (options.EndOfSentence is not null) rest = rest[..^1];
        bool sequential = !sentinelNumbers.ContainsKey(rest[0]);
        input = input[ModeLength(input)..];
        if (sequential) return [.. input, .. rest];
        List<int> document = [];
        foreach (int token in input)
        {
            if (!sentinelNumbers.TryGetValue(token, out int number))
            {
                document.Add(token);
                continue;
            }

            int start = rest.IndexOf(options.SentinelIds[number]);
            if (start != 0) throw new ArgumentException($"The target has no gap {number}: it was not made by this denoiser.", nameof(made));
            int end = FindSentinel(rest[1..]);
            document.AddRange(end < 0 ? rest[1..] : rest[1..(end + 1)]);
            rest = end < 0 ? default : rest[(end + 1)..];
        }

        return [.. document];
    }

    private int ModeLength(ReadOnlySpan<int> input)
    {
        foreach (IReadOnlyList<int> tokens in options.ModeTokens.Values)
        {
            if (input.StartsWith([.. tokens])) return tokens.Count;
        }

        return 0;
    }

    private TokenSequence Sequential(ReadOnlySpan<int> document, int cut)
    {
        List<int> tokens = Begin(DenoisingMode.Sequential);
        tokens.AddRange(document[..cut]);
        int target = tokens.Count;
        tokens.AddRange(document[cut..]);
        return End(tokens, target);
    }

    private TokenSequence Corrupt(ReadOnlySpan<int> document, DenoisingMode mode, Range[] gaps)
    {
        List<int> tokens = Begin(mode);
        int place = 0;
        for (int i = 0; i < gaps.Length; i++)
        {
            tokens.AddRange(document[place..gaps[i].Start]);
            tokens.Add(options.SentinelIds[i]);
            place = gaps[i].End.Value;
        }

        tokens.AddRange(document[place..]);
        int target = tokens.Count;
        for (int i = 0; i < gaps.Length; i++)
        {
            tokens.Add(options.SentinelIds[i]);
            tokens.AddRange(document[gaps[i]]);
        }

        return End(tokens, target);
    }

    private List<int> Begin(DenoisingMode mode)
    {
        List<int> tokens = [];
        if (options.BeginningOfSentence is { } first) tokens.Add(first);
        if (options.ModeTokens.TryGetValue(mode, out IReadOnlyList<int>? names)) tokens.AddRange(names);
        return tokens;
    }

    private TokenSequence End(List<int> tokens, int target)
    {
        if (options.EndOfSentence is { } last) tokens.Add(last);
        bool[] mask = new bool[tokens.Count];
        mask.AsSpan(target).Fill(true);
        return new TokenSequence(tokens.ToArray(), mask);
    }

    private int FindSentinel(ReadOnlySpan<int> tokens)
    {
        for (int i = 0; i < tokens.Length; i++)
        {
            if (sentinelNumbers.ContainsKey(tokens[i])) return i;
        }

        return -1;
    }
}
