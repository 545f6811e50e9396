using System.Globalization;
using LongContext.AspNetCore.Protocol;
using LongContext.Generation;

namespace LongContext.AspNetCore.Serving;

/// <summary>Log-probabilities in the protocol's words.</summary>
internal static class LogprobParts
{
    /// <summary>In place of −∞, which JSON has no word for; as OpenAI's servers and vLLM write it.</summary>
    private const float Impossible = -9999;

    public static ChatLogprobs? Chat(IReadOnlyList<ChatLogProbability>? tokens) => tokens is null ? null : new ChatLogprobs([.. tokens.Select(token =>
        new TokenLogprob(token.Token, Finite(token), Bytes(token), [.. token.Alternatives.Select(other => new TopLogprob(other.Token, Finite(other), Bytes(other)))]))]);

    /// <param name="tokens">The tokens.</param>
    /// <param name="text">Text of the answer that they lie in.</param>
    /// <param name="start">Where the text begins in the answer, in UTF-16 units.</param>
    /// <param name="characters">The same in code points.</param>
    public static TextLogprobs? Text(IReadOnlyList<ChatLogProbability>? tokens, string text, int start, int characters)
    {
        if (tokens is null) return null;
        var offsets = new int[tokens.Count];
        for (int i = 0, at = 0; i < offsets.Length; i++)
        {
            int end = Math.Clamp(tokens[i].TextOffset - start, at, text.Length);
            characters += CodePoints(text.AsSpan(at, end - at));
            (offsets[i], at) = (characters, end);
        }

        return new TextLogprobs(offsets, [.. tokens.Select(Finite).Cast<float?>()], [.. tokens.Select(token => token.Token)], [.. tokens.Select(token => Likeliest(token))]);
    }

    /// <summary>Of the text given, where it is echoed. Its first token stands behind nothing, so nothing says how likely it is.</summary>
    /// <param name="tokens">The prompt's tokens.</param>
    /// <param name="text">The text.</param>
    /// <param name="count">The likeliest tokens that are wanted besides each.</param>
    public static TextLogprobs? Echo(IReadOnlyList<ChatLogProbability>? tokens, string text, int count)
    {
        if (Text(tokens, text, start: 0, characters: 0) is not { } all) return null;
        float?[] scores = [null, .. all.TokenLogprobs[1..]];
        return all with { TokenLogprobs = scores, TopLogprobs = [null, .. tokens!.Skip(1).Select(token => Likeliest(token, count))] };
    }

    /// <summary>Those of one text and of what goes on with it.</summary>
    public static TextLogprobs? Join(TextLogprobs? first, TextLogprobs? second) => first is null ? second : second is null ? first : new TextLogprobs(
        [.. first.TextOffset, .. second.TextOffset], [.. first.TokenLogprobs, .. second.TokenLogprobs], [.. first.Tokens, .. second.Tokens], [.. first.TopLogprobs, .. second.TopLogprobs]);

    /// <summary>Of the prompt's tokens in vLLM's form: nothing for the first, then each place's likeliest tokens and its own by their ids.</summary>
    public static Dictionary<string, PromptLogprob>?[]? Prompt(IReadOnlyList<ChatLogProbability>? tokens, int? count)
    {
        if (tokens is null || count is not { } most) return null;
        var all = new Dictionary<string, PromptLogprob>?[tokens.Count];
        for (int i = 1; i < all.Length; i++)
        {
            var found = new Dictionary<string, PromptLogprob>();
            foreach (ChatLogProbability other in tokens[i].Alternatives.Take(most).Append(tokens[i]))
                found.TryAdd(other.TokenId.ToString(CultureInfo.InvariantCulture), new PromptLogprob(Finite(other), other.Rank ?? 0, other.Token));
            all[i] = found;
        }

        return all;
    }

    /// <summary>Characters as most languages count them.</summary>
    public static int CodePoints(ReadOnlySpan<char> text)
    {
        int count = text.Length;
        for (int i = 1; i < text.Length; i++)
        {
            if (char.IsSurrogatePair(text[i - 1], text[i])) count--;
        }

        return count;
    }

    /// <summary>The likeliest and the chosen one; of tokens that show the same text the likeliest.</summary>
    private static Dictionary<string, float> Likeliest(ChatLogProbability token, int most = int.MaxValue)
    {
        var found = new Dictionary<string, float>(StringComparer.Ordinal);
        foreach (ChatLogProbability other in token.Alternatives.Take(most)) found.TryAdd(other.Token, Finite(other));
        found.TryAdd(token.Token, Finite(token));
        return found;
    }

    private static int[] Bytes(ChatLogProbability token) => Array.ConvertAll(token.Bytes.ToArray(), each => (int)each);

    private static float Finite(ChatLogProbability token) => float.IsFinite(token.LogProbability) ? token.LogProbability : Impossible;
}
