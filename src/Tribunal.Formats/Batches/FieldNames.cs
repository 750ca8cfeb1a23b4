namespace Tribunal.Formats.Batches;

/// <summary>The names under which public datasets and people's own files hold prompts and responses.</summary>
internal static class FieldNames
{
    /// <summary>Prompts as a text or as turns, the surest name first.</summary>
    public static readonly string[] Prompts =
    [
        "prompt", "instruction", "question", "query", "user_prompt", "user_query", "user_message", "user_input",
        "problem", "problem_statement", "goal", "input", "text",
    ];

    /// <summary>Conversations, which often repeat the prompt with an answer: read where no other prompt is given.</summary>
    public static readonly string[] Conversations = ["messages", "conversation", "conversations", "conversation_input", "dialogue", "turns", "context"];

    /// <summary>What a prompt is about, where it stands beside it: never a prompt of its own.</summary>
    public static readonly string[] Contexts = ["context", "passage", "document", "article", "background"];

    public static readonly string[] Systems = ["system", "system_prompt", "system_message", "system_instruction"];

    public static readonly string[] ResponseLists =
    [
        "responses", "completions", "outputs", "generations", "samples", "candidates", "answers", "model_outputs", "model_responses",
        "candidate_responses", "generated_responses", "predictions", "solutions",
    ];

    public static readonly string[] SingleResponses =
        ["completion", "response", "output", "generation", "model_output", "model_response", "generated_text", "prediction", "solution", "answer"];

    /// <summary>The texts of a response that is an object.</summary>
    public static readonly string[] ResponseTexts = ["content", "response", "text", "completion", "output", "answer", "generation", "generated_text", "value"];

    /// <summary>Stems of responses in fields of their own: <c>response_1</c>, <c>answer_a</c>, <c>output2</c>.</summary>
    public static readonly string[] ResponseStems = ["response", "answer", "output", "completion", "candidate", "generation"];

    /// <summary>Pictures and sounds, which no judge of texts is shown.</summary>
    public static readonly string[] Media =
        ["image", "images", "image_url", "image_urls", "image_path", "image_paths", "img", "video", "videos", "video_url", "audio", "audios", "audio_url"];

    /// <summary>Fields that may say which response is better, in a coding that only their owner knows.</summary>
    public static readonly string[] Labels =
    [
        "label", "labels", "winner", "preference", "preferences", "preferred", "human_preference", "choice", "better", "better_response",
        "rating", "ratings", "score", "reward", "rewards", "reward_scores", "chosen", "is_correct", "correct", "correctness",
    ];

    /// <summary>Texts that say something of a record and can't be its prompt.</summary>
    public static readonly HashSet<string> About = new(StringComparer.OrdinalIgnoreCase)
    {
        "id", "uid", "uuid", "guid", "hash", "idx", "index", "key", "url", "date", "time", "timestamp", "created", "version", "license", "user", "author", "annotator",
        "source", "origin", "dataset", "data_source", "subset", "split", "config", "domain", "category", "category_path", "topic", "type", "kind", "task", "task_type", "tag", "tags",
        "language", "lang", "locale", "model", "label", "winner", "preference", "verdict", "rating", "score", "reward", "difficulty", "level", "status", "safety", "style", "format",
        "reference", "rubric", "comment", "comments", "note", "notes", "reason", "rationale", "explanation", "feedback", "critique",
    };

    private static readonly string[] OfKnownShapes =
    [
        "id", "prompt_id", "question_id", "pair_id", "pair_uid", "bon_uid", "best", "scores", "reference", "rubric", "domain", "metadata", "history",
        "chosen", "rejected", "reject", "score_chosen", "score_rejected", "chosen_model", "rejected_model", "subset", "source", "category_path", "label", "winner",
        "bon_best", "loser_list", "response_A", "response_B", "output_1", "output_2", "model_name", "response_model", "sampled_conflict_pairs", "num_correct", "num_incorrect",
        "total_completions", "models", "additional_metadata", "language", "conversation_a", "conversation_b", "full_conversation", "model_a", "model_b", "judge", "turn",
        "winner_model_a", "winner_model_b", "winner_tie", "overall_preference", "preference_strength", "better_response_id", "num_responses",
        "preferred_output", "non_preferred_output", "chosen_response", "rejected_response", "good_edited_response", "bad_edited_response",
    ];

    private static readonly HashSet<string> Known = new(
        [.. Prompts, .. Conversations, .. Contexts, .. Media, .. Labels, .. Systems, .. ResponseLists, .. SingleResponses, .. OfKnownShapes], StringComparer.Ordinal);

    /// <summary>Whether a column is worth decoding: some shape, or some benchmark's rules, read a field of this name.</summary>
    public static bool IsRead(string name, BatchFields? fields) =>
        Known.Contains(name)
        || Array.Exists(ResponseStems, stem => name.StartsWith(stem, StringComparison.Ordinal))
        || (fields is not null && $"{fields.Prompt},{fields.Responses},{fields.System},{fields.Id},{fields.Label},{fields.Reference},{fields.GroupBy}".Split(',', StringSplitOptions.TrimEntries)
            .Any(field => field == name || field.StartsWith($"{name}.", StringComparison.Ordinal)));

    /// <summary>Whether a text under this name can't be a prompt.</summary>
    public static bool IsAbout(string name) =>
        About.Contains(name)
        || name.EndsWith("_id", StringComparison.OrdinalIgnoreCase)
        || name.Contains("model", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("score", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("__", StringComparison.Ordinal);
}
