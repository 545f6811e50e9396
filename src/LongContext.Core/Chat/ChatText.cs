using LongContext.Packing;
using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Chat;

/// <summary>A rendered conversation: the text that the model reads, and where the answers stand in it.</summary>
public sealed class ChatText
{
    private readonly AssistantSpan[] learned;

    /// <param name="text">The text.</param>
    /// <param name="assistantSpans">Where the answers stand.</param>
    /// <param name="turns">The conversation, which says of each answer whether it counts.</param>
    internal ChatText(string text, IReadOnlyList<AssistantSpan> assistantSpans, IReadOnlyList<ChatTurn> turns)
    {
        Text = text;
        AssistantSpans = assistantSpans;
        learned = [.. assistantSpans.Where(span => turns.ElementAtOrDefault(span.Turn) is not { CountsInLoss: false })];
    }

    /// <summary>The text, special tokens and beginning-of-sentence token included: it is to be encoded without adding any.</summary>
    public string Text { get; }

    /// <summary>The assistant's turns, in order; a turn that the template leaves out has none.</summary>
    public IReadOnlyList<AssistantSpan> AssistantSpans { get; }

    /// <summary>Encodes the text, with a loss mask that is true on the tokens of the answers that count (<see cref="ChatTurn.CountsInLoss"/>): only they are learned.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <remarks>
    /// <para>The ids are those of the whole text in one piece, as transformers encodes it, without added special tokens. The mask
    /// comes from the tokens' offsets: a token counts when at least one of its characters lies in an answer. So the end-of-turn
    /// token counts and what opens a turn does not, though it take white space of the answer along. A token across the border between the two (a line feed that opens the turn
    /// joined with one that begins the answer, say) counts: the answer could not be learned whole without it.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="tokenizer"/> is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// The text has no tokens, or the tokenizer normalizes it so that the answers' borders cannot be found again.
    /// </exception>
    public TokenSequence Encode(Tokenizer tokenizer) => Encode(tokenizer, learnsPrompts: false);

    /// <summary>The same; with <paramref name="learnsPrompts"/> all counts but the answers that are marked as not counting.</summary>
    internal TokenSequence Encode(Tokenizer tokenizer, bool learnsPrompts)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        IReadOnlyList<EncodedToken> tokens = tokenizer.EncodeToTokens(Text, out string? normalized);
        if (tokens.Count == 0) throw new InvalidOperationException("The conversation's text has no tokens.");
        int[] borders = [.. (learnsPrompts ? AssistantSpans.Except(learned) : learned).SelectMany(span => new[] { span.Start, span.End })];
        if (normalized is not null) borders = NormalizedPositions.Find(Text, normalized, borders, tokenizer);

        int[] ids = new int[tokens.Count];
        bool[] mask = new bool[tokens.Count];
        int next = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = tokens[i].Id;
            int start = tokens[i].Offset.Start.Value, end = Math.Max(tokens[i].Offset.End.Value, start + 1);
            while (next < borders.Length && borders[next + 1] <= start) next += 2;
            bool isInside = next < borders.Length && borders[next] < end;
            if (isInside && start < borders[next] && IsSpecial(tokens[i].Id, tokenizer)) isInside = TextStart(tokens[i], normalized ?? Text) >= borders[next];
            mask[i] = isInside != learnsPrompts;
        }

        return learnsPrompts && borders.Length == 0 ? new TokenSequence(ids) : new TokenSequence(ids, mask);
    }

    private static bool IsSpecial(int id, Tokenizer tokenizer) => tokenizer is HuggingFaceTokenizer own && own.IsSpecialToken(id);

    /// <summary>Where the token itself begins, behind white space that it takes along on its left.</summary>
    private static int TextStart(EncodedToken token, string text)
    {
        (int start, int length) = token.Offset.GetOffsetAndLength(text.Length);
        return start + Math.Max(text.AsSpan(start, length).IndexOf(token.Value), 0);
    }

    /// <summary>The text.</summary>
    public override string ToString() => Text;
}
