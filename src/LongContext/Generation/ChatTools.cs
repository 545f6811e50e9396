using LongContext.Chat;
using LongContext.Evaluation;
using LongContext.Generation.Grammars;
using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Generation;

/// <summary>What a client's format makes of functions.</summary>
/// <param name="format">Writes conversations; null where text is gone on with.</param>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="grammars">The client's grammars.</param>
internal sealed class ChatTools(ChatFormat? format, Tokenizer tokenizer, AnswerGrammars grammars)
{
    /// <summary>Refuses what has no template: functions are told of, called and answered in its words.</summary>
    /// <exception cref="NotSupportedException">There are functions, calls or results.</exception>
    public void Refuse(IReadOnlyList<ChatTurn> turns, ChatToolOptions tools)
    {
        string reason = format is null ? "the client has no chat format" : $"no template is used ({ChatOptionKeys.Completion})";
        if (tools.Tools.Count > 0) throw new NotSupportedException($"ChatOptions.Tools names {tools.Tools.Count} functions, but {reason}.");
        if (turns.FirstOrDefault(turn => turn.IsTool || turn.ToolCalls.Count > 0) is { } found)
            throw new NotSupportedException($"A message of the {found.Role}'s has a function's {(found.IsTool ? "result" : "call")}, but {reason}.");
    }

    /// <summary>What holds an answer to calls; null where it is free.</summary>
    /// <param name="tools">The functions, at least one; the format has a place for them.</param>
    /// <param name="answer">The form of an answer that calls nothing; null for any.</param>
    /// <param name="stage">Where the answer begins; null for a model that does not think.</param>
    /// <exception cref="NotSupportedException">The form is a choice or a pattern, and a call is not required: calls have JSON in them, and one grammar holds one kind of characters.</exception>
    public CompiledGrammar? Grammar(ChatToolOptions tools, GenerationGrammar? answer, ReasoningStage? stage) => grammars.OfCalls(new CallGrammarForm
    {
        Syntax = format!.ToolCalls!,
        Tools = tools.Callable,
        IsRequired = tools.IsRequired,
        AllowsSeveral = AllowsSeveral(tools),
        Answer = answer as JsonGrammar ?? (answer is null || tools.IsRequired ? null
            : throw new NotSupportedException("ChatOptions.Tools names functions, but the answer is held to choices or a pattern, and cannot be either: require a call, or leave one of them out.")),
        Thoughts = format.ReasoningTags,
        Stage = stage ?? ReasoningStage.Answering,
    });

    /// <summary>Whether an answer may make several calls; never more than the template could write again in the next request.</summary>
    public bool AllowsSeveral(ChatToolOptions tools) => format!.ToolCalls!.AllowsSeveral && tools.AllowsSeveral != false;

    /// <summary>Special tokens that belong to calls, which decoding would leave out.</summary>
    public IReadOnlyDictionary<int, string> SpelledOut()
    {
        var known = (HuggingFaceTokenizer)tokenizer;
        var found = new Dictionary<int, string>();
        foreach (string token in format!.ToolCalls!.SpecialTokens)
        {
            if (known.TryGetTokenId(token, out int id) && known.IsSpecialToken(id)) found[id] = token;
        }

        return found;
    }
}
