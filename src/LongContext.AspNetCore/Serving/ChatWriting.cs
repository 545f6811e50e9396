using LongContext.AspNetCore.Protocol;
using LongContext.Generation;
using LongContext.Hosting;
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

    private readonly AnswerText[] texts = [.. Enumerable.Range(0, choices).Select(_ => new AnswerText())];

    /// <summary>Of each answer, how many calls were written.</summary>
    private readonly int[] calls = new int[choices];

    public Task WriteAsync(AnswerWriter writer, ChatResponse[] responses)
    {
        ChatChoice[] answers = [.. responses.Select((response, i) => new ChatChoice(i, AnswerParts.FinishReason(response.FinishReason))
        {
            Message = Message(response),
            Logprobs = LogprobParts.Chat(response.GetLogProbabilities()),
        })];
        CompletionUsage usage = AnswerParts.Usage(Array.ConvertAll(responses, response => response.Usage));
        return writer.WriteAsync(200, new ChatCompletion(id, "chat.completion", created, model, answers) { Usage = usage, PromptLogprobs = LogprobParts.Prompt(responses[0].GetPromptLogProbabilities(), promptLogprobs), Longcontext = AnswerParts.Notes(responses.Select(response => response.AdditionalProperties)) }, ProtocolJson.Plain.ChatCompletion);
    }

    public void AddBeginning(AnswerWriter writer)
    {
        for (int i = 0; i < choices; i++) Add(writer, i, new ChatDelta { Role = Assistant, Content = "" });
    }

    public void AddPiece(AnswerWriter writer, AnswerPiece piece)
    {
        ChatResponseUpdate update = piece.Update;
        reasons[piece.Choice] = update.FinishReason ?? reasons[piece.Choice];
        AnswerParts.Count(update, ref usages[piece.Choice]);
        if (update.FinishReason is not null) last.Add(update.AdditionalProperties);
        string text = texts[piece.Choice].Add(update.Contents);
        string? thought = AnswerParts.Reasoning(update.Contents);
        ChatLogprobs? details = LogprobParts.Chat(update.GetLogProbabilities());
        if (text.Length > 0 || thought is not null || details is not null)
            Add(writer, piece.Choice, new ChatDelta { Content = text.Length > 0 || thought is null ? text : null, ReasoningContent = thought }, details: details);
        foreach (ChatCall call in AnswerParts.Calls(update.Contents)) AddCall(writer, piece.Choice, call);
    }

    public void AddEnd(AnswerWriter writer, bool includeUsage)
    {
        AnswerNotes? notes = AnswerParts.Notes(last);
        for (int i = 0; i < choices; i++)
        {
            var end = new ChatChoice(i, AnswerParts.FinishReason(reasons[i])) { Delta = new ChatDelta() };
            writer.AddEvent(Chunk([end]) with { Longcontext = i == choices - 1 ? notes : null }, ProtocolJson.Plain.ChatCompletion);
        }

        if (includeUsage) writer.AddEvent(Chunk([]) with { Usage = AnswerParts.Usage(usages) }, ProtocolJson.Plain.ChatCompletion);
    }

    private static ChatAnswerMessage Message(ChatResponse response)
    {
        AIContent[] contents = [.. response.Messages.SelectMany(each => each.Contents)];
        ChatCall[] calls = [.. AnswerParts.Calls(contents)];
        string text = new AnswerText().Add(contents);
        return new ChatAnswerMessage(Assistant, text.Length == 0 && calls.Length > 0 ? null : text) { ReasoningContent = AnswerParts.Reasoning(contents), ToolCalls = calls.Length > 0 ? calls : null };
    }

    /// <summary>The function first, then its arguments: a call comes once it is whole, so that these are one piece.</summary>
    private void AddCall(AnswerWriter writer, int choice, ChatCall call)
    {
        int index = calls[choice]++;
        Add(writer, choice, new ChatDelta { ToolCalls = [call with { Index = index, Function = call.Function with { Arguments = "" } }] });
        Add(writer, choice, new ChatDelta { ToolCalls = [new ChatCall(new ChatCallFunction(call.Function.Arguments)) { Index = index }] });
    }

    private void Add(AnswerWriter writer, int choice, ChatDelta delta, ChatLogprobs? details = null) =>
        writer.AddEvent(Chunk([new ChatChoice(choice, null) { Delta = delta, Logprobs = details }]), ProtocolJson.Plain.ChatCompletion);

    private ChatCompletion Chunk(ChatChoice[] answers) => new(id, "chat.completion.chunk", created, model, answers);
}
