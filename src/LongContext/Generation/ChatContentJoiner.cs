using System.Text;
using Microsoft.Extensions.AI;

namespace LongContext.Generation;

/// <summary>Puts an answer's contents together that came in pieces: in the order in which the model wrote them, with pieces of one text joined.</summary>
internal sealed class ChatContentJoiner
{
    private readonly List<AIContent> whole = [];
    private readonly StringBuilder run = new();
    private bool isThought;

    /// <summary>Takes the next contents; of what is no thought, text or call, nothing is kept.</summary>
    public void Add(IEnumerable<AIContent> contents)
    {
        foreach (AIContent content in contents)
        {
            switch (content)
            {
                case TextReasoningContent thought:
                    Append(thought.Text, thinks: true);
                    break;
                case TextContent text:
                    Append(text.Text, thinks: false);
                    break;
                case FunctionCallContent:
                    EndRun();
                    whole.Add(content);
                    break;
            }
        }
    }

    /// <summary>All contents; an answer that says and calls nothing has an empty text.</summary>
    public List<AIContent> ToList()
    {
        EndRun();
        if (whole.TrueForAll(content => content is TextReasoningContent)) whole.Add(new TextContent(""));
        return whole;
    }

    private void Append(string text, bool thinks)
    {
        if (thinks != isThought) EndRun();
        isThought = thinks;
        run.Append(text);
    }

    private void EndRun()
    {
        if (run.Length > 0) whole.Add(isThought ? new TextReasoningContent(run.ToString()) : new TextContent(run.ToString()));
        run.Clear();
    }
}
