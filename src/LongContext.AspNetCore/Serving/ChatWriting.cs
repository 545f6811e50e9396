using LongContext.AspNetCore.Protocol;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Serving;

/// <summary>A chat's answer.</summary>
internal sealed class ChatWriting(string model, DateTimeOffset time) : IAnswerWriting
{
    private const string Assistant = "assistant";
    private readonly string id = "chatcmpl-" + Guid.NewGuid().ToString("N");
    private readonly long created = time.ToUnixTimeSeconds();
    private ChatFinishReason? reason;
    private UsageDetails? usage;

    public Task WriteAsync(AnswerWriter writer, ChatResponse response)
    {
        var message = new ChatAnswerMessage { Role = Assistant, Content = response.Text, ReasoningContent = AnswerParts.Reasoning(response.Messages.SelectMany(each => each.Contents)) };
        var choice = new ChatChoice(0, AnswerParts.FinishReason(response.FinishReason)) { Message = message };
        return writer.WriteAsync(200, new ChatCompletion(id, "chat.completion", created, model, [choice]) { Usage = AnswerParts.Usage(response.Usage) }, ProtocolJson.Plain.ChatCompletion);
    }

    public void AddBeginning(AnswerWriter writer) => Add(writer, new ChatAnswerMessage { Role = Assistant, Content = "" });

    public void AddPiece(AnswerWriter writer, ChatResponseUpdate update)
    {
        reason = update.FinishReason ?? reason;
        foreach (AIContent content in update.Contents)
        {
            if (content is UsageContent count) (usage ??= new UsageDetails()).Add(count.Details);
        }

        string text = update.Text;
        string? thought = AnswerParts.Reasoning(update.Contents);
        if (text.Length > 0 || thought is not null) Add(writer, new ChatAnswerMessage { Content = text.Length > 0 ? text : null, ReasoningContent = thought });
    }

    public void AddEnd(AnswerWriter writer, bool includeUsage)
    {
        Add(writer, new ChatAnswerMessage(), AnswerParts.FinishReason(reason));
        if (includeUsage) writer.AddEvent(Chunk([]) with { Usage = AnswerParts.Usage(usage) }, ProtocolJson.Plain.ChatCompletion);
    }

    private void Add(AnswerWriter writer, ChatAnswerMessage delta, string? finish = null) => writer.AddEvent(Chunk([new ChatChoice(0, finish) { Delta = delta }]), ProtocolJson.Plain.ChatCompletion);

    private ChatCompletion Chunk(ChatChoice[] choices) => new(id, "chat.completion.chunk", created, model, choices);
}
