using System.Text;

namespace LongContext.Chat;

/// <summary>Takes down a conversation's text and remembers where the answers stand.</summary>
public sealed class ChatTextBuilder
{
    private readonly StringBuilder _text = new();
    private readonly List<AssistantSpan> _spans = [];

    internal ChatTextBuilder()
    {
    }

    /// <summary>Adds text that is no answer.</summary>
    /// <param name="text">The text.</param>
    /// <returns>This builder.</returns>
    public ChatTextBuilder Append(string text)
    {
        _text.Append(text);
        return this;
    }

    /// <summary>Adds an answer: what the model is to say after what stands so far.</summary>
    /// <param name="turn">Index of the turn in the conversation.</param>
    /// <param name="content">The answer as the template writes it.</param>
    /// <param name="endOfTurn">What says that the answer is over, the end-of-turn token last; empty if nothing does.</param>
    /// <returns>This builder.</returns>
    public ChatTextBuilder AppendAnswer(int turn, string content, string endOfTurn)
    {
        int start = _text.Length;
        _text.Append(content);
        int contentEnd = _text.Length;
        _text.Append(endOfTurn);
        _spans.Add(new AssistantSpan(turn, start, contentEnd, _text.Length));
        return this;
    }

    internal ChatText ToText(IReadOnlyList<ChatTurn> turns) => new(_text.ToString(), _spans, turns);

    /// <summary>The text up to the end of the last turn's content.</summary>
    internal ChatText ToOpenText(IReadOnlyList<ChatTurn> turns)
    {
        if (_spans.Count == 0 || _spans[^1].Turn != turns.Count - 1)
        {
            throw new ArgumentException($"Turn {turns.Count - 1} cannot be continued: the format does not write it as an answer.", nameof(turns));
        }

        AssistantSpan last = _spans[^1];
        string content = turns[^1].Content, text = _text.ToString(0, last.ContentEnd);
        // As transformers does: white space at the end stays if the template kept it, but not if some stood in front as well.
        if (PythonText.StartsWithSpace(content)) text = text[..last.Start] + PythonText.StripEnd(text[last.Start..]);
        _spans[^1] = last with { ContentEnd = text.Length, End = text.Length };
        return new ChatText(text, _spans, turns);
    }
}
