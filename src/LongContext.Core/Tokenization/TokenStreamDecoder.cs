using Microsoft.ML.Tokenizers;

namespace LongContext.Tokenization;

/// <summary>
/// Decodes tokens one by one as a model makes them. Text is given out once it is complete: a character whose bytes are
/// spread over several tokens appears with the last of them.
/// </summary>
/// <remarks>
/// All texts together are what decoding all ids at once gives, except where the bytes in the end spell no UTF-8: then
/// what was given out already stays. Not safe for use by several threads at once.
/// </remarks>
public sealed class TokenStreamDecoder
{
    private const char Incomplete = '\uFFFD';

    // A character has at most four bytes. Tokens that keep ending within one (bytes that are no text) are given out
    // after this many, so that a model gone astray is not decoded over and over.
    private const int MostHeldBack = 16;

    private readonly Func<List<int>, string> _decode;
    private readonly Func<int, bool> _hasNoText = static _ => false;
    private readonly List<int> _ids = [];
    private int _shown;
    private string _shownText = "";

    /// <summary>For any tokenizer; special tokens appear as that tokenizer decodes them.</summary>
    /// <param name="tokenizer">The tokenizer of the ids.</param>
    /// <exception cref="ArgumentNullException"><paramref name="tokenizer"/> is null.</exception>
    public TokenStreamDecoder(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        _decode = ids => tokenizer.Decode(ids) ?? "";
        if (tokenizer is HuggingFaceTokenizer own) _hasNoText = id => own.DecodedToken(id, skipSpecialTokens: false) is null;
    }

    /// <summary>For a Hugging Face tokenizer.</summary>
    /// <param name="tokenizer">The tokenizer of the ids.</param>
    /// <param name="skipSpecialTokens">Whether to leave special tokens out.</param>
    /// <exception cref="ArgumentNullException"><paramref name="tokenizer"/> is null.</exception>
    public TokenStreamDecoder(HuggingFaceTokenizer tokenizer, bool skipSpecialTokens)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        _decode = ids => tokenizer.Decode(ids, skipSpecialTokens);
        _hasNoText = id => tokenizer.DecodedToken(id, skipSpecialTokens) is null;
    }

    /// <summary>Takes the next token.</summary>
    /// <param name="id">Its id.</param>
    /// <returns>The text that is complete now and was not given out before; often empty.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="id"/> is negative.</exception>
    public string Add(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        if (_hasNoText(id)) return "";
        _ids.Add(id);
        string text = _decode(_ids);
        bool grows = text.Length > _shownText.Length;
        if (grows && text[^1] != Incomplete) return GiveOut(text);
        // A token without text says nothing of what comes; kept, each would be decoded again with every later one.
        if (_decode([id]).Length == 0 && _decode([id, id]).Length == 0) _ids.RemoveAt(_ids.Count - 1);
        if (_ids.Count - _shown < MostHeldBack) return "";
        if (grows) return GiveOut(text);
        _ids.RemoveRange(_shown, _ids.Count - _shown);
        return "";
    }

    /// <summary>The text still held back, complete or not; the decoder is then ready for another stream.</summary>
    public string Flush()
    {
        string text = _ids.Count > _shown ? GiveOut(_decode(_ids)) : "";
        _ids.Clear();
        _shown = 0;
        _shownText = "";
        return text;
    }

    /// <summary>
    /// Gives out what is new, and keeps the tokens behind it: the next ones are decoded together with those, because what a
    /// token spells may depend on its standing at the start or not.
    /// </summary>
    private string GiveOut(string text)
    {
        List<int> fresh = _ids[_shown..];
        string added = text.StartsWith(_shownText, StringComparison.Ordinal) ? text[_shownText.Length..] : _decode(fresh);
        _ids.RemoveRange(0, _shown);
        _shown = _ids.Count;
        _shownText = _decode(_ids);
        return added;
    }
}
