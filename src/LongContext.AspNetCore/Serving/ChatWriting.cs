using LongContext.AspNetCore.Protocol;
using LongContext.Generation;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Serving;

/// <summary>A chat's answers.</summary>
internal sealed class ChatWriting(string model, DateTimeOffset time, int choices) : IAnswerWriting
{
    private const string Assistant = "assistant";
    private readonly string id = "chatcmpl-" + Guid.NewGuid().ToString("N");
    private readonly long created = time.ToUnixTimeSeconds();
    private readonly ChatFinishReason?[] reasons = new ChatFinishReason?[choices];
    private readonly UsageDetails?[] usages = new UsageDetails?[choices];

    public Task WriteAsync(AnswerWriter writer, ChatResponse[] responses)
    {
        ChatChoice[] answers = [.. responses.Select((response, i) => new ChatChoice(i, AnswerParts.FinishReason(response.FinishReason))
        {
            Message = new ChatAnswerMessage { Role = Assistant, Content = response.Text, ReasoningContent = AnswerParts.Reasoning(response.Messages.SelectMany(each => each.Contents)) },
            Logprobs = LogprobParts.Chat(response.GetLogProbabilities()),
        })];
        CompletionUsage usage = AnswerParts.Usage(Array.ConvertAll(responses, response => response.Usage));
        return writer.WriteAsync(200, new ChatCompletion(id, "chat.completion", created, model, answers) { Usage = usage }, ProtocolJson.Plain.ChatCompletion);
    }

    public void AddBeginning(AnswerWriter writer)
    {
        for (int i = 0; i < choices; i++) Add(writer, i, new ChatAnswerMessage { Role = Assistant, Content = "" });
    }

    public void AddPiece(AnswerWriter writer, AnswerPiece piece)
    {
        ChatResponseUpdate update = piece.Update;
        reasons[piece.Choice] = update.FinishReason ?? reasons[piece.Choice];
        AnswerParts.Count(update, ref usages[piece.Choice]);
        string text = update.Text;
        string? thought = AnswerParts.Reasoning(update.Contents);
        ChatLogprobs? details = LogprobParts.Chat(update.GetLogProbabilities());
        if (text.Length == 0 && thought is null && details is null) return;
        Add(writer, piece.Choice, new ChatAnswerMessage { Content = text.Length > 0 || thought is null ? text : null, ReasoningContent = thought }, details: details);
    }

    public void AddEnd(AnswerWriter writer, bool includeUsage)
    {
        for (int i = 0; i < choices; i++) Add(writer, i, new ChatAnswerMessage(), AnswerParts.FinishReason(reasons[i]));
        if (includeUsage) writer.AddEvent(Chunk([]) with { Usage = AnswerParts.Usage(usages) }, ProtocolJson.Plain.ChatCompletion);
    }

    private void Add(AnswerWriter writer, int choice, ChatAnswerMessage delta, string? finish = null, ChatLogprobs? details = null) =>
        writer.AddEvent(Chunk([new ChatChoice(choice, finish) { Delta = delta, Logprobs = details }]), ProtocolJson.Plain.ChatCompletion);

    private ChatCompletion Chunk(ChatChoice[] answers) => new(id, "chat.completion.chunk", created, model, answers);
}
