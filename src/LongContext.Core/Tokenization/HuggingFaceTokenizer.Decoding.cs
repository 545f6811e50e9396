using System.Buffers;

namespace LongContext.Tokenization;

public sealed partial class HuggingFaceTokenizer
{
    /// <summary>Decodes ids to text, special tokens included.</summary>
    /// <param name="ids">The ids. Ids beyond the vocabulary (models often have a few more outputs than tokens) give no text.</param>
    /// <exception cref="ArgumentNullException"><paramref name="ids"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id is negative.</exception>
    public override string Decode(IEnumerable<int> ids) => Decode(ids, skipSpecialTokens: false);

    /// <summary>Decodes ids to text.</summary>
    /// <param name="ids">The ids. Ids beyond the vocabulary (models often have a few more outputs than tokens) give no text.</param>
    /// <param name="skipSpecialTokens">Whether to leave special tokens out.</param>
    /// <exception cref="ArgumentNullException"><paramref name="ids"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id is negative.</exception>
    public string Decode(IEnumerable<int> ids, bool skipSpecialTokens)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var pieces = new List<string>();
        foreach (int id in ids)
        {
            if (id < 0) throw new ArgumentOutOfRangeException(nameof(ids), id, "A token id is negative.");
            if (DecodedToken(id, skipSpecialTokens) is { } token) pieces.Add(token);
        }

        if (_definition.Decoder is null) return string.Join(' ', pieces);
        _definition.Decoder.Apply(pieces);
        return string.Concat(pieces);
    }

    /// <summary>What goes into the decoder for an id from 0; null where it gives no text or is skipped.</summary>
    internal string? DecodedToken(int id, bool skipSpecialTokens) =>
        id < VocabularySize && !(skipSpecialTokens && _skippedIds.Contains(id)) ? _decodedTokens[id] : null;

    /// <summary>Decodes ids, special tokens included, as far as the destination reaches.</summary>
    /// <param name="ids">The ids, as for <see cref="Decode(IEnumerable{int})"/>.</param>
    /// <param name="destination">Where the text goes.</param>
    /// <param name="idsConsumed">How many ids the written text stands for.</param>
    /// <param name="charsWritten">How many characters were written.</param>
    /// <returns><see cref="OperationStatus.Done"/>, or <see cref="OperationStatus.DestinationTooSmall"/> when only the first ids fitted.</returns>
    public override OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten)
    {
        ArgumentNullException.ThrowIfNull(ids);
        int[] all = [.. ids];
        string whole = Decode(all), text = whole;
        idsConsumed = all.Length;
        if (whole.Length > destination.Length)
        {
            // Text only grows with more ids: bisect for the most that fit, then back to where no character is cut.
            int fits = 0;
            for (int tooMany = all.Length; tooMany - fits > 1;)
            {
                int middle = (fits + tooMany) / 2;
                if (Decode(all.AsSpan(0, middle).ToArray()).Length <= destination.Length) fits = middle;
                else tooMany = middle;
            }

            for (idsConsumed = fits; ; idsConsumed--)
            {
                text = Decode(all.AsSpan(0, idsConsumed).ToArray());
                if (text.Length <= destination.Length && whole.StartsWith(text, StringComparison.Ordinal)) break;
            }
        }

        text.CopyTo(destination);
        charsWritten = text.Length;
        return charsWritten == whole.Length && idsConsumed == all.Length ? OperationStatus.Done : OperationStatus.DestinationTooSmall;
    }
}
