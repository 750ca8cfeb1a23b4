using System.Text.Json;

namespace Tribunal.Formats.Batches;

/// <summary>Records that other tools write and that hold prompt and response where no shape looks: what says where they are.</summary>
internal static class OtherTools
{
    // In order: the first whose fields are all there.
    private static readonly (string[] Fields, string Advice)[] Known =
    [
        (["doc_id", "arguments", "resps"], "a sample of lm_eval: --prompt-field arguments.gen_args_0.arg_0 --responses-field resps.0 --reference-field target; a task with several filters has a line for each, of which one is to be kept"),
        (["eval", "samples"], "a log of Inspect: tribunal import takes what its model-graded scorers said; for its answers write jq -c '.samples[]' FILE, and --prompt-field input --responses-field output.completion --reference-field target"),
        (["input", "output", "epoch", "scores"], "a sample of Inspect: --prompt-field input --responses-field output.completion --reference-field target; tribunal import takes what its model-graded scorers said"),
        (["gradingResult", "prompt", "response"], "a result of promptfoo: --prompt-field prompt.raw --responses-field response.output; tribunal import takes what its model-graded assertions said"),
        (["evalId", "results"], "a file of promptfoo's results: tribunal import takes what its model-graded assertions said; for its outputs write jq -c '.results.results[]' FILE, and --prompt-field prompt.raw --responses-field response.output"),
        (["responses_create_params", "response"], "a rollout of NeMo Gym: --prompt-field responses_create_params.input --responses-field response.output --label-field reward, and --group-by _ng_task_index for those of one task together"),
        (["content", "rewards", "input_lengths"], "a rollout of NeMo RL: --prompt-field content.0 --responses-field content.1 --label-field rewards --group-by prompt, where a turn follows the prompt"),
        (["results", "text_chosen"], "a file of RewardBench's results: tribunal import takes it"),
    ];

    /// <summary>What a record is and how it is read; null where it is of none of these.</summary>
    public static string? Advice(JsonElement root) =>
        Array.Find(Known, tool => Array.TrueForAll(tool.Fields, field => root.TryGetProperty(field, out _))) is { Advice: { } advice } ? $"the record is {advice}" : null;
}
