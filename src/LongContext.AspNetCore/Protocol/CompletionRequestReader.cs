using System.Text.Json;
using LongContext.Evaluation;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Protocol;

/// <summary>The body of <c>POST /v1/completions</c>: text that the model goes on with as it is.</summary>
internal static class CompletionRequestReader
{
    /// <summary>As OpenAI has it where a request does not say.</summary>
    private const int DefaultTokens = 16;

    /// <exception cref="ProtocolException">A field is wrong, or asks for something that is not there.</exception>
    public static GenerationRequest Read(JsonElement body, OpenAIServerOptions limits)
    {
        if (body.ValueKind != JsonValueKind.Object) throw ProtocolException.Bad("The body is no JSON object.");
        var fields = new JsonFields(body);
        (string text, int[]? tokens) = CompletionPrompt.Read(fields);
        UnsupportedFields.RefuseInCompletions(fields, isText: tokens is null);
        bool echo = fields.Boolean("echo") ?? false;
        var prompt = new RequestPrompt("prompt", [new ChatMessage(ChatRole.User, text)])
        {
            Tokens = tokens, IsEchoed = echo, EchoLogprobs = echo ? SamplingFields.TextLogprobs(fields) : null, Logprobs = SamplingFields.ReadPromptLogprobs(fields),
        };
        long length = GenerationRequest.Length(fields, limits, least: prompt.Alternatives is null ? 1 : 0) ?? Math.Min(DefaultTokens, limits.MaximumOutputTokens ?? DefaultTokens);
        GenerationRequest request = GenerationRequest.Of(fields, limits, prompt, length, GenerationRequest.LengthField(fields));
        SamplingFields.ReadTextLogprobs(fields, request.Options);
        (request.Options.AdditionalProperties ??= [])[ChatOptionKeys.Completion] = true;
        request.FormField = SchemaFields.Read(fields, limits, request.Options);
        return request;
    }
}
