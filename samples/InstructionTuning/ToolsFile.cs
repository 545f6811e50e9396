using LongContext.Chat;
using LongContext.Samples.Shared;

namespace LongContext.Samples.InstructionTuning;

/// <summary>Reads --tools: a JSON list of functions in OpenAI's form, as records have it in "tools".</summary>
internal static class ToolsFile
{
    public static IReadOnlyList<ChatTool> Read(string path)
    {
        try
        {
            return ChatTool.ParseList(File.ReadAllText(path));
        }
        catch (FormatException fault)
        {
            throw new UsageException($"{path} is no list of tools that can be used: {fault.Message}");
        }
    }
}
