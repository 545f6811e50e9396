using System.Text;

namespace LongContext.Generation;

/// <summary>Brings the log-probabilities of an answer's tokens together with the pieces of its text: each comes with the piece that its token's text begins in.</summary>
/// <param name="texts">What tokens spell.</param>
internal sealed class LogProbabilityTrack(TokenTexts texts)
{
    private readonly List<GeneratedToken> open = [];
    private readonly Queue<(GeneratedToken Token, int Start)> ready = [];
    private int decoded;

    /// <summary>A token has come.</summary>
    public void Add(GeneratedToken token) => open.Add(token);

    /// <summary>So many characters were decoded of all tokens that had come since the last time.</summary>
    public void Decoded(int length)
    {
        if (length == 0) return;
        Close();
        decoded += length;
    }

    /// <summary>Those of the tokens that begin before a place of the text; null for none.</summary>
    public List<ChatLogProbability>? Before(int place)
    {
        List<ChatLogProbability>? found = null;
        while (ready.TryPeek(out (GeneratedToken Token, int Start) next) && next.Start < place)
        {
            (found ??= []).Add(Of(next.Token, next.Start));
            ready.Dequeue();
        }

        return found;
    }

    /// <summary>All that are left once the text is whole, those without text too.</summary>
    public List<ChatLogProbability>? Rest()
    {
        Close();
        return Before(int.MaxValue);
    }

    /// <summary>A token that ends the text and is no part of it.</summary>
    public ChatLogProbability End(GeneratedToken token) => Of(token, decoded);

    private void Close()
    {
        foreach (GeneratedToken token in open) ready.Enqueue((token, decoded));
        open.Clear();
    }

    private ChatLogProbability Of(GeneratedToken token, int start) => Of(token.Id, token.LogProbability ?? float.NaN) with
    {
        TextOffset = start,
        Alternatives = token.Alternatives is { Count: > 0 } others ? [.. others.Select(other => Of(other.TokenId, other.LogProbability))] : [],
    };

    private ChatLogProbability Of(int token, float logProbability)
    {
        byte[] bytes = texts.Bytes(token);
        return new ChatLogProbability(token, logProbability) { Bytes = bytes, Token = Encoding.UTF8.GetString(bytes) };
    }
}
