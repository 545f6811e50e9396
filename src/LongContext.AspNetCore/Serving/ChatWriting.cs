using LongContext.AspNetCore.Protocol;
using LongContext.Generation;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Serving;

/// <summary>A chat's answers.</summary>
internal sealed class ChatWriting(string model, DateTimeOffset time, int choices, int? promptLogprobs = null) : IAnswerWriting
{
    private const string Assistant = "assistant";
    private readonly string id = "chatcmpl-" + Guid.NewGuid().ToString("N");
    private readonly long created = time.ToUnixTimeSeconds();
    private readonly ChatFinishReason?[] reasons = new ChatFinishReason?[choices];
    private readonly UsageDetails?[] usages = new UsageDetails?[choices];
    private readonly List<AdditionalPropertiesDictionary?> last = [];

    public Task WriteAsync(AnswerWriter writer, ChatResponse[] responses)
    {
        ChatChoice[] answers = [.. responses.Select((response, i) => new ChatChoice(i, AnswerParts.FinishReason(response.FinishReason))
        {
            Message = new ChatAnswerMessage { Role = Assistant, Content = response.Text, ReasoningContent = AnswerParts.Reasoning(response.Messages.SelectMany(each => each.Contents)) },
            Logprobs = LogprobParts.Chat(response.GetLogProbabilities()),
        })];
        CompletionUsage usage = AnswerParts.Usage(Array.ConvertAll(responses, response => response.Usage));
        return writer.WriteAsync(200, new ChatCompletion(id, "chat.completion", created, model, answers) { Usage = usage, PromptLogprobs = LogprobParts.Prompt(responses[0].GetPromptLogProbabilities(), promptLogprobs), Longcontext = AnswerParts.Notes(responses.Select(response => response.AdditionalProperties)) }, ProtocolJson.Plain.ChatCompletion);
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
        if (update.FinishReason is not null) last.Add(update.AdditionalProperties);
        string text = update.Text;
        string? thought = AnswerParts.Reasoning(update.Contents);
        ChatLogprobs? details = LogprobParts.Chat(update.GetLogProbabilities());
        if (text.Length == 0 && thought is null && details is null) return;
        Add(writer, piece.Choice, new ChatAnswerMessage { Content = text.Length > 0 || thought is null ? text : null, ReasoningContent = thought }, details: details);
    }

    public void AddEnd(AnswerWriter writer, bool includeUsage)
    {
        AnswerNotes? notes = AnswerParts.Notes(last);
        for (int i = 0; i < choices; i++)
        {
            var end = new ChatChoice(i, AnswerParts.FinishReason(reasons[i])) { Delta = new ChatAnswerMessage() };
            writer.AddEvent(Chunk([end]) with { Longcontext = i == choices - 1 ? notes : null }, ProtocolJson.Plain.ChatCompletion);
        }

        if (includeUsage) writer.AddEvent(Chunk([]) with { Usage = AnswerParts.Usage(usages) }, ProtocolJson.Plain.ChatCompletion);
    }

    private void Add(AnswerWriter writer, int choice, ChatAnswerMessage delta, ChatLogprobs? details = null) =>
        writer.AddEvent(Chunk([new ChatChoice(choice, null) { Delta = delta, Logprobs = details }]), ProtocolJson.Plain.ChatCompletion);

    private ChatCompletion Chunk(ChatChoice[] answers) => new(id, "chat.completion.chunk", created, model, answers);
}
