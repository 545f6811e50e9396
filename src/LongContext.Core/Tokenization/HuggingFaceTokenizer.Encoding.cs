using System.Text;
using LongContext.Tokenization.PreTokenizers;
using Microsoft.ML.Tokenizers;

namespace LongContext.Tokenization;

public sealed partial class HuggingFaceTokenizer
{
    /// <summary>Encodes a text.</summary>
    /// <param name="text">The text; special tokens in it are recognised.</param>
    /// <param name="addSpecialTokens">Whether the special tokens of the file's post-processor go around it, such as a beginning-of-sentence token.</param>
    /// <returns>The token ids.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="text"/> is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// A regular expression of the file takes too many steps: more than 1,000 a character of the text and 500 million besides, or, at one place, more than 10 million times back. Of published tokenizers only those with \s+$ come near, with a run of tens of thousands of blanks; the message has
    /// the pattern.
    /// </exception>
    public int[] Encode(string text, bool addSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        EncoderScratch scratch = EncoderScratch.Take();
        if (addSpecialTokens) scratch.Ids.AddRange(_definition.PostProcessor.Before);
        EncodeCore(text, normalize: true, preTokenize: true, scratch.Ids, scratch.Words);
        if (addSpecialTokens) scratch.Ids.AddRange(_definition.PostProcessor.After);
        return scratch.GiveBack();
    }

    /// <inheritdoc />
    protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        TokenBuffer tokens = EncodeWithSpans(text, textSpan, settings, out string? normalized, out int length);
        int count = tokens.WholeFromStart(settings.MaxTokenCount);
        var result = new EncodedToken[count];
        for (int i = 0; i < count; i++)
        {
            (int start, int end) = tokens.Spans[i];
            result[i] = new EncodedToken(tokens.Ids[i], _definition.Tokens[tokens.Ids[i]]!, start..end);
        }

        return new EncodeResults<EncodedToken> { Tokens = result, NormalizedText = normalized, CharsConsumed = EndOf(tokens, count, length) };
    }

    /// <inheritdoc />
    protected override EncodeResults<int> EncodeToIds(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        if (settings.MaxTokenCount == int.MaxValue)
        {
            // Nothing to cut: where each token lies is of no interest.
            text ??= textSpan.ToString();
            EncoderScratch scratch = EncoderScratch.Take();
            string? whole = EncodeCore(text, settings.ConsiderNormalization, settings.ConsiderPreTokenization, scratch.Ids, scratch.Words);
            return new EncodeResults<int> { Tokens = scratch.GiveBack(), NormalizedText = whole, CharsConsumed = (whole ?? text).Length };
        }

        TokenBuffer tokens = EncodeWithSpans(text, textSpan, settings, out string? normalized, out int length);
        int count = tokens.WholeFromStart(settings.MaxTokenCount);
        return new EncodeResults<int> { Tokens = tokens.Ids[..count].ToArray(), NormalizedText = normalized, CharsConsumed = EndOf(tokens, count, length) };
    }

    /// <inheritdoc />
    protected override int CountTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings) =>
        EncodeToIds(text, textSpan, settings).Tokens.Count;

    /// <inheritdoc />
    protected override int GetIndexByTokenCount(
        string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings, bool fromEnd, out string? normalizedText, out int tokenCount)
    {
        TokenBuffer tokens = EncodeWithSpans(text, textSpan, settings, out normalizedText, out int length);
        if (!fromEnd)
        {
            tokenCount = tokens.WholeFromStart(settings.MaxTokenCount);
            return EndOf(tokens, tokenCount, length);
        }

        tokenCount = tokens.WholeFromEnd(settings.MaxTokenCount);
        if (tokenCount == tokens.Count) return 0;
        return tokenCount == 0 ? length : tokens.Spans[^tokenCount].Start;
    }

    private TokenBuffer EncodeWithSpans(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings, out string? normalized, out int length)
    {
        text ??= textSpan.ToString();
        var tokens = new TokenBuffer(keepSpans: true);
        normalized = EncodeCore(text, settings.ConsiderNormalization, settings.ConsiderPreTokenization, tokens, new PreTokenizedText());
        length = (normalized ?? text).Length;
        return tokens;
    }

    private static int EndOf(TokenBuffer tokens, int count, int length) =>
        count == tokens.Count ? length : count == 0 ? 0 : tokens.Spans[count - 1].End;

    /// <summary>
    /// Added tokens are found in the raw text; what lies between is normalized piece by piece, searched for added tokens that
    /// ask for normalized text, cut into words and given to the model.
    /// </summary>
    /// <returns>The normalized text; null where nothing normalizes.</returns>
    private string? EncodeCore(string text, bool normalize, bool preTokenize, TokenBuffer output, PreTokenizedText words)
    {
        text = WellFormed(text);
        words.Budget.Reset(text.Length);
        normalize &= _definition.Normalizer is not null;
        int search = 0;
        if (!_rawMatcher.TryGetNext(text, 0, ref search, out int start, out int end, out AddedToken token))
        {
            string only = normalize ? Normalize(text, words.Budget) : text;
            EncodeNormalized(only, 0, preTokenize, output, words);
            return normalize ? only : null;
        }

        var whole = new StringBuilder(text.Length + 16);
        int from = 0;
        for (bool found = true; ; found = _rawMatcher.TryGetNext(text, from, ref search, out start, out end, out token))
        {
            string between = from < start ? text[from..start] : "";
            if (normalize && between.Length > 0) between = Normalize(between, words.Budget);
            EncodeNormalized(between, normalize ? whole.Length : from, preTokenize, output, words);
            whole.Append(between);
            if (!found) break;

            int origin = normalize ? whole.Length : start;
            output.Add(token.Id, origin, origin + end - start);
            whole.Append(text, start, end - start);
            from = end;
        }

        return normalize ? whole.ToString() : null;
    }

    private void EncodeNormalized(string text, int origin, bool preTokenize, TokenBuffer output, PreTokenizedText words)
    {
        int from = 0, search = 0;
        for (bool found = true; found;)
        {
            found = _normalizedMatcher.TryGetNext(text, from, ref search, out int start, out int end, out AddedToken token);
            if (from < start) EncodeWords(text.AsSpan(from, start - from), origin + from, preTokenize, output, words);
            if (found) output.Add(token.Id, origin + start, origin + end);
            from = end;
        }
    }

    private void EncodeWords(ReadOnlySpan<char> text, int origin, bool preTokenize, TokenBuffer output, PreTokenizedText words)
    {
        if (!preTokenize || _definition.PreTokenizer is null)
        {
            _definition.Model.Encode(text, origin, output);
            return;
        }

        int first = output.Count;
        words.Reset(text, isAtStart: origin == 0, output.KeepsSpans);
        _definition.PreTokenizer.Apply(words);
        for (int i = 0; i < words.Count; i++)
        {
            (int start, int end) = words.Piece(i);
            _definition.Model.Encode(words.Text[start..end], start, output);
        }

        if (!output.KeepsSpans) return;
        foreach (ref (int Start, int End) span in output.Spans[first..])
        {
            (int start, int end) = words.OriginOf(span.Start, span.End);
            span = (origin + start, origin + end);
        }
    }

    /// <summary>The text with U+FFFD in place of each half surrogate pair, as it would come from bytes.</summary>
    private static string WellFormed(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF')) return text;
        return string.Create(text.Length, text, static (result, source) =>
        {
            int at = 0;
            foreach (Rune rune in source.EnumerateRunes()) at += rune.EncodeToUtf16(result[at..]);
        });
    }
}
