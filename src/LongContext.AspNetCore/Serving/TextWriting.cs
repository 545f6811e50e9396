using LongContext.AspNetCore.Protocol;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Serving;

/// <summary>Text that goes on.</summary>
internal sealed class TextWriting(string model, DateTimeOffset time, GenerationRequest request) : IAnswerWriting
{
    private readonly string id = "cmpl-" + Guid.NewGuid().ToString("N");
    private readonly long created = time.ToUnixTimeSeconds();
    private ChatFinishReason? reason;
    private UsageDetails? usage;

    public Task WriteAsync(AnswerWriter writer, ChatResponse response) =>
        writer.WriteAsync(200, Of(new TextChoice(0, Echoed + response.Text, AnswerParts.FinishReason(response.FinishReason))) with { Usage = AnswerParts.Usage(response.Usage) }, ProtocolJson.Plain.TextCompletion);

    public void AddBeginning(AnswerWriter writer)
    {
        if (Echoed.Length > 0) Add(writer, Echoed);
    }

    public void AddPiece(AnswerWriter writer, ChatResponseUpdate update)
    {
        reason = update.FinishReason ?? reason;
        foreach (AIContent content in update.Contents)
        {
            if (content is UsageContent count) (usage ??= new UsageDetails()).Add(count.Details);
        }

        if (update.Text is { Length: > 0 } text) Add(writer, text);
    }

    public void AddEnd(AnswerWriter writer, bool includeUsage)
    {
        Add(writer, "", AnswerParts.FinishReason(reason));
        if (includeUsage) writer.AddEvent(Of() with { Usage = AnswerParts.Usage(usage) }, ProtocolJson.Plain.TextCompletion);
    }

    private string Echoed => request.Echo ? request.Messages[0].Text : "";

    private void Add(AnswerWriter writer, string text, string? finish = null) => writer.AddEvent(Of(new TextChoice(0, text, finish)), ProtocolJson.Plain.TextCompletion);

    private TextCompletion Of(params TextChoice[] choices) => new(id, "text_completion", created, model, choices);
}
