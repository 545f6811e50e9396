using System.Text;
using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Generation;

/// <summary>Log-probabilities of a prompt's tokens as a chat client tells them: what they spell, and where in the text.</summary>
internal static class ChatPromptScores
{
    /// <summary>All of them, in order.</summary>
    /// <param name="tokens">The prompt's tokens.</param>
    /// <param name="tokenizer">Theirs.</param>
    /// <param name="text">The text that they were made of; null where it was cut.</param>
    public static IReadOnlyList<ChatLogProbability> Of(IReadOnlyList<PromptToken> tokens, Tokenizer tokenizer, string? text)
    {
        TokenTexts texts = TokenTexts.Of(tokenizer);
        // A prompt says the same words again and again.
        var spelled = new Dictionary<int, (string Token, byte[] Bytes)>();
        int[] offsets = Offsets(tokens, tokenizer, text, id => Spell(id).Token);
        var all = new ChatLogProbability[tokens.Count];
        for (int i = 0; i < all.Length; i++)
        {
            PromptToken token = tokens[i];
            all[i] = Spelled(token.Id, token.LogProbability ?? float.NaN) with
            {
                TextOffset = offsets[i],
                Rank = token.Rank,
                Alternatives = token.Alternatives.Count == 0 ? [] : [.. token.Alternatives.Select((other, place) => Spelled(other.TokenId, other.LogProbability) with { Rank = place + 1 })],
            };
        }

        return all;

        ChatLogProbability Spelled(int id, float logProbability)
        {
            (string token, byte[] bytes) = Spell(id);
            return new ChatLogProbability(id, logProbability) { Token = token, Bytes = bytes };
        }

        (string Token, byte[] Bytes) Spell(int id)
        {
            if (spelled.TryGetValue(id, out (string Token, byte[] Bytes) known)) return known;
            byte[] bytes = texts.Bytes(id);
            return spelled[id] = (Encoding.UTF8.GetString(bytes), bytes);
        }
    }

    /// <summary>Where each token's text begins; a character that several tokens spell begins where the first of them does.</summary>
    private static int[] Offsets(IReadOnlyList<PromptToken> tokens, Tokenizer tokenizer, string? text, Func<int, string> spell)
    {
        TokenStreamDecoder decoder = tokenizer is HuggingFaceTokenizer own ? new(own, skipSpecialTokens: false) : new(tokenizer);
        var offsets = new int[tokens.Count];
        var decoded = new StringBuilder();
        for (int i = 0; i < offsets.Length; i++)
        {
            string piece = decoder.Add(tokens[i].Id), alone = spell(tokens[i].Id);
            // Bytes before it that were no character after all may come out together with it.
            bool isWhole = alone.Length > 0 && piece.Length > alone.Length && !alone.Contains('\uFFFD', StringComparison.Ordinal) && piece.EndsWith(alone, StringComparison.Ordinal);
            offsets[i] = decoded.Length + (isWhole ? piece.Length - alone.Length : 0);
            decoded.Append(piece);
        }

        decoded.Append(decoder.Flush());
        // What goes before every text is not in it.
        int before = text is not null && decoded.Length > text.Length && decoded.ToString().EndsWith(text, StringComparison.Ordinal) ? decoded.Length - text.Length : 0;
        for (int i = 0; before > 0 && i < offsets.Length; i++) offsets[i] = Math.Max(0, offsets[i] - before);
        return offsets;
    }
}
