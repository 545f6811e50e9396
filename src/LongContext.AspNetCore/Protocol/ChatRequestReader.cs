using System.Text;
using System.Text.Json;
using LongContext.Evaluation;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Protocol;

/// <summary>The body of <c>POST /v1/chat/completions</c>.</summary>
internal static class ChatRequestReader
{
    /// <exception cref="ProtocolException">A field is wrong, or asks for something that is not there.</exception>
    public static GenerationRequest Read(JsonElement body, OpenAIServerOptions limits)
    {
        if (body.ValueKind != JsonValueKind.Object) throw ProtocolException.Bad("The body is no JSON object.");
        var fields = new JsonFields(body);
        UnsupportedFields.RefuseInChat(fields);
        List<ChatMessage> messages = Messages(fields, limits);
        int? ofPrompt = SamplingFields.ReadPromptLogprobs(fields);
        int least = ofPrompt is null ? 1 : 0;
        GenerationRequest request = GenerationRequest.Of(
            fields, limits, [new RequestPrompt("messages", messages) { Logprobs = ofPrompt }], GenerationRequest.Length(fields, least, isChat: true), GenerationRequest.LengthField(fields, isChat: true));
        SamplingFields.ReadChatLogprobs(fields, request.Options);
        request.FormField = SchemaFields.Read(fields, limits, request.Options);
        ToolFields.Read(fields, limits, request.Options);
        request.Options.Reasoning = Reasoning(fields);
        if (fields.Boolean(ChatOptionKeys.SeparateReasoning) is { } apart) (request.Options.AdditionalProperties ??= [])[ChatOptionKeys.SeparateReasoning] = apart;
        if (fields.Boolean(ChatOptionKeys.ContinueFinalMessage) == true)
        {
            if (messages[^1].Role != ChatRole.Assistant) throw ProtocolException.Bad("'continue_final_message' needs an assistant's message at the end.", "continue_final_message");
            if (fields.Boolean(ChatOptionKeys.AddGenerationPrompt) == true) throw ProtocolException.Bad("'add_generation_prompt' and 'continue_final_message' exclude each other.", "add_generation_prompt");
            (request.Options.AdditionalProperties ??= [])[ChatOptionKeys.ContinueFinalMessage] = true;
        }
        else if (fields.Boolean(ChatOptionKeys.AddGenerationPrompt) == false)
        {
            throw ProtocolException.Unsupported($"'{ChatOptionKeys.AddGenerationPrompt}' is false, but an answer needs its turn: leave it out, or send 'continue_final_message': true.", ChatOptionKeys.AddGenerationPrompt);
        }

        return request;
    }

    private static List<ChatMessage> Messages(JsonFields fields, OpenAIServerOptions limits)
    {
        if (fields.Find("messages") is not { } given) throw ProtocolException.Bad("'messages' is missing, expected an array of messages.", "messages");
        if (given.ValueKind != JsonValueKind.Array) throw JsonFields.Wrong("messages", "an array of messages", given);
        int count = given.GetArrayLength();
        if (count == 0) throw ProtocolException.Bad("'messages' is empty, expected one message at least.", "messages");
        if (count > limits.MaximumMessages) throw ProtocolException.Bad($"'messages' has {count} messages, expected at most {limits.MaximumMessages}.", "messages");
        List<ChatMessage> messages = new(count);
        var tools = new ToolMessageFields(limits);
        foreach (JsonElement item in given.EnumerateArray()) messages.Add(Message(JsonFields.Of(item, $"messages[{messages.Count}]"), tools));
        return messages;
    }

    private static ChatMessage Message(JsonFields fields, ToolMessageFields tools)
    {
        const string expected = "expected system, developer, user, assistant or tool";
        ChatRole role = fields.String("role") switch
        {
            "system" or "developer" => ChatRole.System,
            "user" => ChatRole.User,
            "assistant" => ChatRole.Assistant,
            "tool" => ChatRole.Tool,
            "function" => throw ProtocolException.Unsupported($"'{fields.Name("role")}' is \"function\", which is tool's old name: send \"tool\" with 'tool_call_id'.", fields.Name("role")),
            null => throw ProtocolException.Bad($"'{fields.Name("role")}' is missing, {expected}.", fields.Name("role")),
            _ => throw ProtocolException.Bad($"'{fields.Name("role")}' is unknown, {expected}.", fields.Name("role")),
        };
        if (fields.Find("function_call") is not null)
            throw ProtocolException.Unsupported($"'{fields.Name("function_call")}' is given, which is the old name: send 'tool_calls'.", fields.Name("function_call"));
        List<FunctionCallContent> calls = tools.Calls(fields);
        if (calls.Count > 0 && role != ChatRole.Assistant) throw ProtocolException.Bad($"'{fields.Name("tool_calls")}' is given, but only an assistant makes calls.", fields.Name("tool_calls"));
        JsonElement? content = fields.Find("content");
        if (content is null && calls.Count == 0) throw ProtocolException.Bad($"'{fields.Name("content")}' is missing, expected a string or an array of text parts.", fields.Name("content"));
        string text = content is { } given ? Content(given, fields.Name("content")) : "";
        if (role == ChatRole.Tool) return tools.Result(fields, text);
        var message = new ChatMessage(role, text);
        foreach (FunctionCallContent call in calls) message.Contents.Add(call);
        // What a model thought, where a client sends it back.
        if (role == ChatRole.Assistant && fields.String(fields.Named("reasoning_content", "reasoning")) is { Length: > 0 } thought) message.Contents.Insert(0, new TextReasoningContent(thought));
        return message;
    }

    private static string Content(JsonElement content, string name)
    {
        if (content.ValueKind == JsonValueKind.String) return JsonFields.Text(content, name);
        if (content.ValueKind != JsonValueKind.Array) throw JsonFields.Wrong(name, "a string or an array of text parts", content);
        if (content.GetArrayLength() == 0) throw ProtocolException.Bad($"'{name}' is empty, expected one part at least.", name);
        var text = new StringBuilder();
        int number = 0;
        foreach (JsonElement item in content.EnumerateArray())
        {
            JsonFields part = JsonFields.Of(item, $"{name}[{number++}]");
            string? type = part.String("type");
            if (type is "image_url" or "input_audio" or "file" or "image" or "audio" or "video_url")
                throw ProtocolException.Unsupported($"'{part.Name("type")}' is \"{type}\", but the model reads text only.", part.Name("type"));
            if (type != "text") throw ProtocolException.Bad($"'{part.Name("type")}' is {(type is null ? "missing" : "unknown")}, expected \"text\".", part.Name("type"));
            // Each on a line of its own, as vLLM and llama.cpp put them together.
            if (number > 1) text.Append('\n');
            text.Append(part.String("text") ?? throw ProtocolException.Bad($"'{part.Name("text")}' is missing, expected a string.", part.Name("text")));
        }

        return text.ToString();
    }

    /// <summary>Whether the model thinks first, by OpenAI's field or the templates' own switch as vLLM passes it, and whether its thoughts are given out, by vLLM's.</summary>
    private static ReasoningOptions? Reasoning(JsonFields fields)
    {
        ReasoningEffort? effort = fields.String("reasoning_effort") switch
        {
            null => fields.Object("chat_template_kwargs")?.Boolean("enable_thinking") is { } thinks ? thinks ? ReasoningEffort.Medium : ReasoningEffort.None : null,
            "none" => ReasoningEffort.None,
            "minimal" or "low" => ReasoningEffort.Low,
            "medium" => ReasoningEffort.Medium,
            "high" => ReasoningEffort.High,
            "xhigh" => ReasoningEffort.ExtraHigh,
            _ => throw ProtocolException.Bad("'reasoning_effort' is unknown, expected none, minimal, low, medium, high or xhigh.", "reasoning_effort"),
        };
        bool hides = fields.Boolean("include_reasoning") == false;
        return effort is null && !hides ? null : new ReasoningOptions { Effort = effort, Output = hides ? ReasoningOutput.None : null };
    }
}
